"""The simulated organisation's Jenkins: folders, branches and builds, as its remote access API shows them."""
