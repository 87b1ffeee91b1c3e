"""What the mail log is asked for."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.mail.models import Mail


class LogFilter(forms.Form):
    """The log's query string; what makes no sense there is ignored."""

    q = forms.CharField(required=False, max_length=200)
    state = forms.ChoiceField(required=False, label="State")

    def __init__(self, query: Any) -> None:
        super().__init__(query)
        state: Any = self.fields["state"]
        state.choices = [("", "Any"), *Mail.State.choices]
        self.full_clean()
        self.errors.clear()

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for some mails only."""
        return any(self.cleaned_data.values())

    def of(self, mails: QuerySet[Mail]) -> QuerySet[Mail]:
        """Those among `mails` that are asked for, without what they said."""
        if words := self.cleaned_data.get("q", "").strip():
            mails = mails.filter(to__icontains=words)
        if state := self.cleaned_data.get("state"):
            mails = mails.filter(state=state)
        return mails.select_related("job").defer("text", "html", "headers", "job__arguments")
