"""What people change through the console: each POST, the page before it that shows what it would do, and its audit."""
