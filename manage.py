#!/usr/bin/env python
"""The command line; production's settings run unless `.env` or the environment says otherwise."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from config.env import settings_module

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
