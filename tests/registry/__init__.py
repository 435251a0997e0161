"""Laws about all rules, and the generator of their pages."""
