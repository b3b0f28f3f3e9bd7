"""The program that is compiled: eight instructions, and the maps between their entries."""
