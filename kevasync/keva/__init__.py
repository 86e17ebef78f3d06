"""The Keva side: exports, the Customers API, writing back."""
