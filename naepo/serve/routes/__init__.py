"""What the page may ask under /look, one module a concept; each hands on to `look` and answers."""
