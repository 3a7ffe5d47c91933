"""Meshes as numbers: reading what strangers send, measuring, mending, drawing and writing them.

Everything here runs in a process of its own with limits on time and memory (`models3d.services.compute` starts
`program`), and nothing here is imported by the processes that serve: numpy would cost each of them its start. Inside, a
mesh stands upright along z, as a print does, in the units of its file.
"""
