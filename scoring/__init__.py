"""Turns the answers of a check into a result, with the reason for every point and its pictures."""
