"""Where mail that is not needed is stopped and had again: by the link in it, or by one's profile.

The link works by RFC 8058: a mail program posts to it without cookie, token or sign-in, and it is
done at once. To look at it changes nothing, since scanners follow the links of every mail.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt

from apps.core.access import Plane, access
from apps.core.http import SignedInRequest
from apps.mail import catalogue
from apps.mail.models import Subscription


@access(Plane.PUBLIC, "GET", "POST")
@csrf_exempt  # A mail program has no token of ours; who has the link may stop that mail, no more.
def unsubscription(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to stop such mail, and stop it. The answer is no redirect: RFC 8058, 3.1."""
    subscription = subscription_of(token)
    if request.method == "POST":
        subscription.stop()
    return show(request, subscription, token)


@access(Plane.PUBLIC, "POST")
def unsubscription_delete(request: HttpRequest, token: str) -> HttpResponse:
    """Send such mail again: the way back for whoever stopped it by mistake."""
    subscription = subscription_of(token)
    subscription.resume()
    return redirect("unsubscription", token)


@access(Plane.ACCOUNT, "GET", "POST")
def subscription_list(request: SignedInRequest) -> HttpResponse:
    """What one gets by mail, and a switch for each kind that is not needed."""
    topics = catalogue.topics()
    if request.method == "POST":
        for topic in topics:
            subscription = Subscription.objects.of(request.user.email, topic)
            if topic.slug in request.POST.getlist("topic"):
                subscription.resume()
            else:
                subscription.stop()
        messages.success(request, "Your choice is saved.")
        return redirect("subscription_list")
    stopped = request.user.mail_subscriptions.exclude(stopped_at=None)
    context = {"topics": topics, "stopped": {*stopped.values_list("topic", flat=True)}}
    return render(request, "subscriptions/subscription_list.html", context)


def subscription_of(token: str) -> Subscription:
    """What the link is about. Raises Http404 for one that was cut or never made."""
    try:
        return Subscription.objects.by_token(token)
    except Subscription.DoesNotExist as error:
        raise Http404 from error


def show(request: HttpRequest, subscription: Subscription, token: str) -> HttpResponse:
    """The page of a link: what is stopped, or can be."""
    context = {"subscription": subscription, "token": token}
    return render(request, "subscriptions/unsubscription.html", context)
