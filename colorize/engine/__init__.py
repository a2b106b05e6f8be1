"""Archives: many photos at once, over the processes of one machine or the machines of a cluster.

python -m colorize archive/ --output colour/ --workers 8
python -m colorize s3://archive/scans --output s3://archive/colour --engine ray --address auto
"""
