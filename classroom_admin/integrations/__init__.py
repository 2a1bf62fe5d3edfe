"""Connections to other systems of a school. Each subpackage is an app: LTI, outgoing webhooks, mail, joining."""
