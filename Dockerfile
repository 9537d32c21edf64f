# StepLens for one machine without a GPU. Your own user id, not root's, should own what is mounted
# at /data: projects, exports, checkpoints. compose.yaml has the app with PostgreSQL.
#
#   docker build -t steplens .
#   docker run --network host -v "$PWD:/data" steplens demo      # this machine only, on Linux
FROM python:3.11-slim-bookworm

WORKDIR /opt/steplens
COPY . .
# uv finds the CPU build of torch; PyPI's own is made for CUDA and several gigabytes larger.
RUN pip install --no-cache-dir uv \
 && uv pip install --system --no-cache --torch-backend=cpu -c constraints.txt \
      '.[train,openai,postgres,auth]' \
 && pip uninstall -y uv \
 && useradd --create-home --uid 1000 steplens \
 && install -d -o steplens /data

USER steplens
WORKDIR /data
EXPOSE 8501
ENTRYPOINT ["steplens"]
CMD ["app"]
