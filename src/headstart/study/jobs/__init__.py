"""What a study is made of: one file per kind of job."""
