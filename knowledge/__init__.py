"""What Banso states as fact, with source and date."""
