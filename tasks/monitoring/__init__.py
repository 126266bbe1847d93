"""Does the monitoring plane answer? Questions that each component can only answer when it works."""
