"""Files with the figures of reports: tables of typed columns, written as CSV, XLSX or JSON."""
