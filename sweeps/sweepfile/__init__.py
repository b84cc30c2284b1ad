"""A sweep file: read, checked, refused in a sentence, and written down as the manifest."""
