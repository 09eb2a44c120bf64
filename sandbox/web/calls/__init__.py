"""What the API can be asked, by subject: each module has its handlers and their rows of the table."""
