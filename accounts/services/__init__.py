"""What can be done with accounts and the sessions in which they are logged in."""
