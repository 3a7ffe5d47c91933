#!/usr/bin/env python
"""Runs Atelier's commands: `python manage.py help` lists them."""

import sys


def main() -> None:
    from django.core.management import execute_from_command_line

    from config.env import EnvironmentProblem, choose_settings

    choose_settings("config.settings.dev")
    try:
        execute_from_command_line(sys.argv)
    except EnvironmentProblem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
