"""Random objects and changes to them, drawn from pools so small that names and labels meet, or nearly."""
