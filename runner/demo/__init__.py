"""The demonstration: an operational hospital database and the days that happen in it."""
