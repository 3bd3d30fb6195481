"""Notebook kernels that start warm: forked from a process that has already imported what notebooks import.

Importing pandas and matplotlib takes longer than most notebooks' own work. A nursery process imports them once and
forks a process for each notebook; what a notebook does stays in its process. Two Jupyter extension points use it:

- ``engine.WarmEngine`` (entry point group ``papermill.engine``, name ``warm``) talks to the forked kernel over one
  socket pair, without ZMQ: ``papermill --engine warm in.ipynb out.ipynb``. The batch uses it.
- ``provisioner.WarmProvisioner`` (group ``jupyter_client.kernel_provisioners``, name ``warm-provisioner``) starts a
  full kernel for whoever asks for the kernel ``python3-warm``: papermill, nbclient, nbconvert, JupyterLab.

Both fall back to ordinary kernels where there is no fork, for another language or interpreter, and when the nursery
cannot be had. Other processes can be forked from a nursery too: the batch's workers are, and each is in turn the
nursery of its kernels. The package uses nothing of the rest of assess_lib: what is imported beforehand is told to it.
"""
