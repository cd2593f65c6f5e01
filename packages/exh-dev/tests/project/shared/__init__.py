"""Code that the functions share. All of this folder goes into each function's bundle."""
