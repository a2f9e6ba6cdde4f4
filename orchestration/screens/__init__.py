"""What people see in a terminal: bars, tables, the five numbers, a trace."""
