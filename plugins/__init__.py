"""The bundled plugins; each folder is one, seen through its manifest `PLUGIN`."""
