"""Pages of the Prefect UI, as Markdown: pure functions, data in and text out; the tasks load and publish."""
