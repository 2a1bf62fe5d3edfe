"""The page with the list of classes. It shows the alerts of live classes; people can acknowledge them."""
