"""The winner that people take home: read again, merged, talked to."""
