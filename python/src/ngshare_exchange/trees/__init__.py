"""Directory trees on this machine: which files go, how they are written; knows neither HTTP nor nbgrader."""
