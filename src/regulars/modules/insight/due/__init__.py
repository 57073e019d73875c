"""Pure: which member will buy which of their usual items again within some days."""
