"""What Django's own checks say, deployment's included."""

from django.core import checks

from apps.launch.facts import Message


def messages() -> tuple[Message, ...]:
    """What `manage.py check --deploy` would say, what settings silence included."""
    return tuple(
        Message(
            id=said.id or "",
            text=" ".join(str(said.msg).split()),
            hint=" ".join(str(said.hint or "").split()),
            is_error=said.level >= checks.ERROR,
            silenced=said.is_silenced(),
        )
        for said in checks.run_checks(include_deployment_checks=True)
        if said.level >= checks.WARNING
    )
