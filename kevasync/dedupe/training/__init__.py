"""Made-up worlds of persons, households and organisations, and the training of the shipped scorer on them."""
