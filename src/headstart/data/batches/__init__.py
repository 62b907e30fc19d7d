"""Images on their way to a network: label budgets, batches, shares of them."""
