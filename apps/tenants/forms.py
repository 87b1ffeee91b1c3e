"""The forms of workspaces, members and invitations."""

from django import forms

from apps.tenants.models import Tenant


class WorkspaceForm(forms.ModelForm):
    """A workspace's name."""

    class Meta:
        model = Tenant
        fields = ["name"]
