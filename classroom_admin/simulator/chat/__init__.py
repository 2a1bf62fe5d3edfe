"""The REST API of Agora Chat below ``/chat``, and the callbacks that it sends to a dashboard."""
