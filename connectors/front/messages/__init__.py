"""What is written on a conversation: messages, which customers read, and comments, which they do not."""
