"""The form of somebody who signs up through a provider; whom to believe stands in social.py."""

from typing import ClassVar

from allauth.socialaccount import forms as allauth_forms

from apps.accounts.forms import InOurWords, NameField


class SocialSignupForm(InOurWords, allauth_forms.SignupForm):
    """Asks for what the provider did not tell, or told without having proved it."""

    field_order: ClassVar[list[str]] = ["name", "email"]
    name = NameField()
