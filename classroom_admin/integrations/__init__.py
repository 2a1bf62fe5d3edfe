"""Connections to other systems of a school. Each subpackage is an app, for example LTI."""
