"""As tests, the notebooks run in their quick setting: few images, little training."""

import os

os.environ.setdefault("IGC_TF_QUICK", "1")
