"""The pages of signing in through a provider: the library's, closed where no keys are set."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount import views as theirs
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.google import views as google
from allauth.socialaccount.providers.microsoft.views import MicrosoftGraphOAuth2Adapter
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from apps.accounts.social import offered
from apps.core.access import View
from apps.core.http import SignedInRequest


class SignedGoogleAdapter(google.GoogleOAuth2Adapter):
    """Checks the signature under what Google says; the library trusts TLS where Google is asked."""

    def _decode_id_token(self, app: SocialApp, id_token: str) -> Any:
        return google._verify_and_decode(app, id_token, verify_signature=True)


PROVIDERS: dict[str, type[OAuth2Adapter]] = {
    "google": SignedGoogleAdapter,
    "github": GitHubOAuth2Adapter,
    "microsoft": MicrosoftGraphOAuth2Adapter,
}
STEERED_BY = ("process", "next")


def where_offered(view: View, *, provider: str = "") -> View:
    """`view`, which is not there unless `provider`, or else any provider at all, has its keys."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not (offered() & {provider} if provider else offered()):
            raise Http404
        return view(request, *args, **kwargs)

    return inner


def begin(provider: str) -> View:
    """The step to a provider. A GET asks whether to go there; a POST goes."""
    library_view = OAuth2LoginView.adapter_view(PROVIDERS[provider])

    def view(request: HttpRequest) -> HttpResponse:
        context = {"provider": get_adapter().get_provider(request, provider)}
        if request.method != "POST":
            context["process"] = request.GET.get("process")
            return render(request, "socialaccount/login.html", context)
        # The library also takes scopes and parameters from the address, so that a link of
        # somebody's could make us ask for a person's mail.
        kept = {name: request.GET[name] for name in STEERED_BY if name in request.GET}
        request.GET = QueryDict(urlencode(kept))
        # The policy lets forms lead nowhere but here, and browsers hold it against the address
        # that the answer to a form redirects to; so the answer is a page that goes on by itself.
        context["url"] = library_view(request)["Location"]
        return render(request, "socialaccount/login_redirect.html", context)

    return where_offered(view, provider=provider)


@contextmanager
def understood() -> Iterator[None]:
    """Raise ProviderException, which gets a page, where an answer has not the shape it should."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ProviderException(type(error).__name__) from error


def careful(adapter: type[OAuth2Adapter]) -> type[OAuth2Adapter]:
    """An adapter of the library that does not take for granted what providers answer."""

    class Careful(adapter):
        def get_access_token_data(self, *args: Any, **kwargs: Any) -> Any:
            with understood():
                return super().get_access_token_data(*args, **kwargs)

        def parse_token(self, *args: Any, **kwargs: Any) -> Any:
            with understood():
                return super().parse_token(*args, **kwargs)

        def complete_login(self, *args: Any, **kwargs: Any) -> Any:
            with understood():
                return super().complete_login(*args, **kwargs)

    return Careful


def come_back(provider: str) -> View:
    """Where a provider sends people back to, with a code that is exchanged for who they are."""
    view = OAuth2CallbackView.adapter_view(careful(PROVIDERS[provider]))
    return where_offered(view, provider=provider)


google_login, google_callback = begin("google"), come_back("google")
github_login, github_callback = begin("github"), come_back("github")
microsoft_login, microsoft_callback = begin("microsoft"), come_back("microsoft")
login_cancelled = where_offered(theirs.login_cancelled)
login_error = where_offered(theirs.login_error)
signup = where_offered(theirs.signup)


def connections(request: SignedInRequest) -> HttpResponse:
    """The accounts elsewhere that open this one; without any there have to be some to add."""
    if not offered() and not SocialAccount.objects.filter(user=request.user).exists():
        raise Http404
    return theirs.connections(request)


def reauthenticate(request: SignedInRequest) -> HttpResponse:
    """Ask somebody who has no password and no second factor to sign in at their provider again."""
    mine = SocialAccount.objects.filter(user=request.user, provider__in=offered())
    names = sorted({account.provider for account in mine})
    adapter = get_adapter()
    context = {
        "providers": [adapter.get_provider(request, name) for name in names],
        "next": get_next_redirect_url(request) or "",
    }
    return render(request, "socialaccount/reauthenticate.html", context)
