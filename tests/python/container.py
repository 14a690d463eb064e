"""Makes an empty container on a server that the tests have started on this machine.

    container.py s3 ENDPOINT NAME
    container.py azure ENDPOINT NAME KEY
"""

import sys


def s3(endpoint, name):
    import boto3

    known = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **known).create_bucket(Bucket=name)


def azure(endpoint, name, key):
    from azure.storage.blob import BlobServiceClient

    # The newest version of the interface that Azurite has in common with this client.
    BlobServiceClient(endpoint, credential=key, api_version="2021-12-02").create_container(name)


{"s3": s3, "azure": azure}[sys.argv[1]](*sys.argv[2:])
