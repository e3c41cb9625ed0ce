"""The only room of the plugin that talks HTTP. It knows nothing of nbgrader."""
