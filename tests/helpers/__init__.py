"""What tests share: photos, models, files, studies, disks."""
