#!/usr/bin/env python
"""The command line; production's settings run unless `.env` or the environment says otherwise."""

import gc
import os
import sys


def main() -> None:
    # Of what a start makes there is nothing to free; apps/core/apps.py says when all is in place.
    gc.disable()

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config.env import settings_module

    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
