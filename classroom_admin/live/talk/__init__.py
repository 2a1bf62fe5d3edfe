"""What is said in a class: chat, messages from person to person, messages to its apps; found by words."""
