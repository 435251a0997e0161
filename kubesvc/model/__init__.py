"""The values that flow through kubesvc: questions, objects, snapshots, reports. Pure; no I/O, no clock."""
