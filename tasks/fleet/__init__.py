"""What the site should be: the typed inventory, how it is read, and the rules that hold across clusters."""
