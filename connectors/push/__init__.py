"""What others send: deliveries of webhooks and plain documents, kept before they are acknowledged."""
