"""The app of signing in through providers, whose code is loaded when somebody asks for one."""

from allauth.socialaccount import apps


class SocialAccountConfig(apps.SocialAccountConfig):
    """The library's, but that it leaves its providers for `SocialAdapter.get_provider` to load.

    They bring requests along: 5 MiB of each process, most of which never speak to a provider.
    """

    def ready(self) -> None:
        from allauth.socialaccount import checks  # noqa: F401  (registers them)
