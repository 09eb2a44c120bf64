"""The report card: does to a consumer what Wexio, networks and attackers do, and says how it did."""
