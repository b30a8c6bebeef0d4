(** * The statements of the main theorems, and nothing else

    What [python -m theory.proof] compares the theorems with.  This file and the ones that it
    needs, [Spaces.v], [Dynamics.v], [Network.v], [Vocabulary.v], [Expansion.v], [Layered.v],
    [VectorFieldNetwork.v], [FurtherVocabulary.v] and [Instances.v], import Coq's real numbers, Coquelicot and each other only, so that no notation, coercion or definition of
    the proofs can change what is read here; to know what is proved it suffices to read them.
    For each statement [x] the check makes Coq accept

      Definition x : CEP.Pinned.x := @CEP.Proofs.x.

    where [Proofs] is the file that [statements.toml] names; the kernel compares the types by
    conversion, so a theorem that states anything else is refused by its name.

    To add a main theorem [x]:
    - write [Definition x : Prop := ...] here, with a comment that says it in mathematics;
      definitions that it needs, in [Vocabulary.v] or [Instances.v], or in a file of their own
      that is listed as [trusted] in [statements.toml] and holds no proof but of inner products;
    - prove it in any file, as [Theorem x : Pinned.x.] or stated in full; implicit arguments
      are as if it were stated in full ([intros] and [apply] unfold the name by themselves);
    - name it in [statements.toml]: a [[[theorem]]] (name, file, words) and a row of the map;
    - run [python -m theory.proof --pin], which notes the new text in [pinned.toml] and renews the
      tables of [README.md]. *)

From Coq Require Import Reals List.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary Expansion Layered VectorFieldNetwork FurtherVocabulary Instances.
Set Implicit Arguments.
Open Scope R_scope.

(** ** 1. Theorem 1 of the paper *)

(** BPTT's gradients exist, for every [t]. *)
Definition bptt_gradients_exist : Prop :=
  forall (N : network) (t : nat),
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  exists g_s g_th, is_nabla_s N t g_s /\ is_nabla_theta N t g_th.

(** [eta -> 0] first, then [beta -> 0]:
    the normalised updates tend to minus BPTT's gradients, for every [t]. *)
Definition theorem1 : Prop :=
  forall (N : network) (t : nat) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).

(** The gradient in the copy of [theta] used in the transition from [T - t - 1] to [T - t]
    is the one of the loss of the whole unrolled computation, [T] steps from rest with one
    copy of [theta] a step, all others held fixed. *)
Definition unrolled_loss_of_one_copy : Prop :=
  forall (N : network) (T t : nat) (g : Param N),
  settled N -> (t < T)%nat ->
  (is_gradient (Param N) (dot_param N)
     (fun v => ell N (unrolled (F N) (s_star N) (fun k => if Nat.eqb k (T - (t + 1)) then v else theta N) T))
     (theta N) g
   <-> is_nabla_theta N t g).

(** With one [theta] shared by [K] steps, the gradient is the sum of those of its copies. *)
Definition total_gradient : Prop :=
  forall (N : network) (K : nat),
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  exists g_th : nat -> Param N,
    (forall t, is_nabla_theta N t (g_th t)) /\
    is_gradient (Param N) (dot_param N) (fun th => ell N (unrolled_shared (F N) (s_star N) K th))
      (theta N) (partial_sum g_th K).

(** The Jacobian is symmetric, and the mixed second derivatives are adjoint: proved from
    [Phi], not assumed. *)
Definition jacobian_symmetric : Prop :=
  forall (N : network) DF DPhi_theta,
  has_primitive_function N -> derivatives N DF DPhi_theta ->
  (forall x y, dot_state N (dF_ds DF x) y = dot_state N x (dF_ds DF y)) /\
  (forall v x, dot_state N (dF_dtheta DF v) x = dot_param N v (dPhi_theta_ds DPhi_theta x)).

(** Theorem 1 in [R^(n+1)] for the states and [R^(m+1)] for the parameters, with [Phi] twice
    differentiable everywhere and no mention of normed spaces or filters of neighbourhoods. *)
Definition theorem1_Rn : Prop :=
  forall (n m : nat) (Phi : Rn n * Rn m -> R)
  (F : Rn n * Rn m -> Rn n) (Phi_theta : Rn n * Rn m -> Rn m)
  (ell : Rn n -> R) (grad_ell : Rn n -> Rn n) (s_star : Rn n) (theta : Rn m),
  let Z := prod_NormedModule R_AbsRing (Rn n) (Rn m) in
  (forall z : Z, is_gradient Z (@product_inner (Rn n) (Rn m) (dot n) (dot m)) Phi z (F z, Phi_theta z)) ->
  (forall z : Z, ex_filterdiff (U := Z) F (locally z)) ->
  (forall z : Z, ex_filterdiff (U := Z) Phi_theta (locally z)) ->
  (forall s, is_gradient (Rn n) (dot n) ell s (grad_ell s)) -> (forall s, continuous grad_ell s) ->
  F (s_star, theta) = s_star ->
  forall (t : nat) (g_s : Rn n) (g_th : Rn m),
  is_gradient (Rn n) (dot n) (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient (Rn m) (dot m) (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  iterated_limit (fun beta eta => Delta_s F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_s) /\
  iterated_limit (fun beta eta => Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_th).

(** ** 2. C-EP is EP in an augmented primitive function

    [affine_in_theta]: [Phi(s, theta) = Phi(s, 0) + <phi(s), theta>], as in every layered network.
    [augmented N K] is the network with the primitive function
    [Phi + 1/2 <K (phi(s) - phi(s_star)), phi(s) - phi(s_star)>] and its transition function.
    The learning rates are an operator [rates]: one rate, or one for each layer. *)

(** The conservation law: [theta_t - kappa phi(s_t)] is constant along the second phase, for
    every [beta], [eta] and [t]. *)
Definition conservation_law : Prop :=
  forall (N : network) (rates : Param N -> Param N) (beta eta : R) (t : nat),
  affine_in_theta N -> primitive_function_everywhere N -> is_linear rates ->
  let K v := scal (eta / beta : R_AbsRing) (rates v) in
  let s_t := fst (cep_with_rates N rates beta eta t) in
  let theta_t := snd (cep_with_rates N rates beta eta t) in
  minus theta_t (K (phi N s_t)) = minus (theta N) (K (phi N (s_star N))).

(** No limit is taken: for every [beta], [eta] and [t] the neurons of C-EP are those of EP in
    the augmented primitive function, and its parameters after [t] steps are EP's one update. *)
Definition cep_is_ep_in_augmented : Prop :=
  forall (N : network) (rates : Param N -> Param N) (beta eta : R),
  affine_in_theta N -> primitive_function_everywhere N -> phi_differentiable N ->
  bounded_inner_product (Param N) (dot_param N) ->
  is_linear rates -> self_adjoint (Param N) (dot_param N) rates ->
  let K v := scal (eta / beta : R_AbsRing) (rates v) in
  primitive_function_everywhere (augmented N K) /\
  forall t, fst (cep_with_rates N rates beta eta t) = ep (augmented N K) beta t /\
            snd (cep_with_rates N rates beta eta t) = ep_update (augmented N K) rates beta eta t.

(** EP's theorem, at fixed parameters. *)
Definition ep_theorem : Prop :=
  forall (N : network) (t : nat) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (ep_Delta_state N t) (locally' (0:R)) (locally (opp g_s)) /\
  filterlim (ep_Delta_param N t) (locally' (0:R)) (locally (opp g_th)).

(** Theorem 1 again, as a corollary of EP's theorem and of the augmented primitive function. *)
Definition theorem1_by_ep : Prop :=
  forall (N : network) (t : nat) (g_s : State N) (g_th : Param N),
  affine_in_theta N -> primitive_function_everywhere N -> phi_differentiable N ->
  bounded_inner_product (Param N) (dot_param N) ->
  twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).

(** On a mini-batch of [B] samples that share [theta], it is at each step what it was at rest
    plus [kappa] times the mean over the samples of [phi_b(s_t^b) - phi_b(s_star^b)]. *)
Definition batch_conservation_law : Prop :=
  forall (State Param : NM) (B : nat) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
    (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param) (beta eta : R) (t : nat),
  snd (batch_cep B F phi grad_ell s_star theta beta eta t) =
  plus theta (scal (eta / beta : R_AbsRing) (batch_mean B phi (fst (batch_cep B F phi grad_ell s_star theta beta eta t)) s_star)).

(** C-EP on a mini-batch is EP in the augmented primitive function, sample by sample. *)
Definition batch_cep_is_ep : Prop :=
  forall (State Param : NM) (B : nat) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
    (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param) (beta eta : R) (t b : nat),
  fst (batch_cep B F phi grad_ell s_star theta beta eta t) b =
  batch_ep B F phi grad_ell s_star theta (eta / beta) beta t b.

(** ... whose gradient in each sample's state is EP's transition there. *)
Definition batch_augmented_gradient : Prop :=
  forall (State Param : NM) (ipS : State -> State -> R) (ipT : Param -> Param -> R),
  is_inner_product Param ipT -> bounded_inner_product Param ipT ->
  forall (B : nat) (Phi : nat -> State * Param -> R) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
    (s_star : nat -> State) (kappa : R) (b : nat) (s : nat -> State) (th : Param),
  let Z := prod_NormedModule R_AbsRing State Param in
  (b < B)%nat -> affine_in_param ipT (Phi b) (phi b) ->
  (forall z : Z, exists g_th, is_gradient Z (@product_inner State Param ipS ipT) (Phi b) z (F b z, g_th)) ->
  ex_filterdiff (phi b) (locally (s b)) ->
  is_gradient State ipS (fun x => batch_augmented_Phi ipT B Phi phi s_star kappa (replace_sample b x s) th) (s b)
    (batch_augmented_F B F phi s_star kappa b s th).

(** C-EP tends to EP as [eta -> 0], at any fixed [beta], small or not, with one learning rate or an
    operator of rates: its neurons to EP's, its total update divided by [eta] to EP's one update.
    Continuity along EP's own trajectory is all that is supposed. *)
Definition cep_tends_to_ep : Prop :=
  forall (N : network) (rates : Param N -> Param N) (beta : R) (t : nat),
  is_linear rates -> beta <> 0 -> continuous_along_ep N beta ->
  filterlim (fun eta => fst (cep_with_rates N rates beta eta t)) (locally (0:R)) (locally (ep N beta t)) /\
  filterlim (fun eta => scal (/ eta : R_AbsRing) (minus (snd (cep_with_rates N rates beta eta t)) (theta N))) (locally' (0:R))
    (locally (scal (/ beta : R_AbsRing) (rates (minus (Phi_theta N (ep N beta t, theta N)) (Phi_theta N (s_star N, theta N)))))).

(** ... and step by step, the normalised updates to EP's. *)
Definition cep_updates_tend_to_ep : Prop :=
  forall (N : network) (beta : R) (t : nat), beta <> 0 -> continuous_along_ep N beta ->
  filterlim (fun eta => Delta_state N t beta eta) (locally (0:R)) (locally (ep_Delta_state N t beta)) /\
  filterlim (fun eta => Delta_param N t beta eta) (locally' (0:R)) (locally (ep_Delta_param N t beta)).

(** ** 3. The joint limit at a fixed ratio, and the order of limits *)

(** When [beta -> 0] and [eta / beta -> kappa] together, along any filter, C-EP follows BPTT
    of a modified network: its Jacobian is [J + kappa dF_dtheta dPhi_theta_ds] in place of [J]. *)
Definition joint_limit : Prop :=
  forall (N : network) DF DPhi_theta
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat),
  derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
  filterlim beta along (locally (0:R)) ->
  along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (dF_ds DF y) (scal (kappa : R_AbsRing) (dF_dtheta DF (dPhi_theta_ds DPhi_theta y))) in
  let v := iterate modified t (grad_ell N (s_star N)) in
  filterlim (fun x => Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => Delta_param N t (beta x) (eta x)) along (locally (opp (dPhi_theta_ds DPhi_theta v))).

(** When [beta] and [eta] vanish together, along any filter and with any ratio, bounded or not,
    the updates of the steps [0 .. t] tend to minus BPTT's gradients if and only if
    [eta / beta -> 0], as soon as one of [nabla_theta(0 .. t-1)] is not zero. *)
Definition order_of_limits_param : Prop :=
  forall (N : network) (nabla_s : nat -> State N) (nabla_theta : nat -> Param N)
    (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  (forall t, is_nabla_s N t (nabla_s t)) -> (forall t, is_nabla_theta N t (nabla_theta t)) ->
  forall (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (t : nat),
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  filterlim eta along (locally (0:R)) -> along (fun x => eta x <> 0) ->
  (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  ((forall j, (j <= t)%nat -> filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j))))
   <-> filterlim (fun x => eta x / beta x) along (locally (0:R))).

(** The same for the states, when [Phi_theta] is strictly differentiable in [s] (as it is when
    it is continuously differentiable). *)
Definition order_of_limits_state : Prop :=
  forall (N : network) (nabla_s : nat -> State N) (nabla_theta : nat -> Param N)
    (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  (forall t, is_nabla_s N t (nabla_s t)) -> (forall t, is_nabla_theta N t (nabla_theta t)) ->
  forall (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (t : nat),
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  filterlim eta along (locally (0:R)) -> along (fun x => eta x <> 0) ->
  strictly_differentiable_in_s (State N) (Param N) (Phi_theta N) (dPhi_theta_ds DPhi_theta) (s_star N) (theta N) ->
  (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  ((forall j, (j <= t)%nat -> filterlim (fun x => Delta_state N j (beta x) (eta x)) along (locally (opp (nabla_s j))))
   <-> filterlim (fun x => eta x / beta x) along (locally (0:R))).

(** At [t = 1] the state alone decides, with no more than differentiability at rest. *)
Definition order_of_limits_first_step : Prop :=
  forall (N : network) (nabla_s : nat -> State N) (nabla_theta : nat -> Param N)
    (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  (forall t, is_nabla_s N t (nabla_s t)) -> (forall t, is_nabla_theta N t (nabla_theta t)) ->
  forall (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R),
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  filterlim eta along (locally (0:R)) -> along (fun x => eta x <> 0) -> nabla_theta 0%nat <> zero ->
  (filterlim (fun x => Delta_state N 1 (beta x) (eta x)) along (locally (opp (nabla_s 1%nat)))
   <-> filterlim (fun x => eta x / beta x) along (locally (0:R))).

(** The condition is the weakest: without it, right updates do not force [eta / beta -> 0].
    ([forces_order_of_limits range good]: whenever [beta] and [eta] vanish together with a ratio
    in [range] and [good] holds, the ratio vanishes.) *)
Definition order_of_limits_condition_is_weakest : Prop :=
  forall (N : network) (nabla_s : nat -> State N) (nabla_theta : nat -> Param N)
    (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  (forall t, is_nabla_s N t (nabla_s t)) -> (forall t, is_nabla_theta N t (nabla_theta t)) ->
  forall (t : nat),
  forces_order_of_limits (fun _ => True)
    (fun T along beta eta => forall j, (j <= t)%nat ->
       filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j))))
  <-> exists i, (i < t)%nat /\ nabla_theta i <> zero.

(** For one step taken alone and ratios in an interval: every ratio of it but zero must show. *)
Definition order_of_limits_single_step : Prop :=
  forall (N : network) (nabla_s : nat -> State N) (nabla_theta : nat -> Param N)
    (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  (forall t, is_nabla_s N t (nabla_s t)) -> (forall t, is_nabla_theta N t (nabla_theta t)) ->
  forall (t : nat) (lo hi : R),
  let modified kappa := modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa in
  forces_order_of_limits (fun k => lo <= k <= hi)
    (fun T along beta eta => filterlim (fun x => Delta_param N t (beta x) (eta x)) along (locally (opp (nabla_theta t))))
  <-> forall k, lo <= k <= hi -> k <> 0 ->
      dPhi_theta_ds DPhi_theta (iterate (modified k) t (grad_ell N (s_star N))) <> nabla_theta t.

(** ** 3 (continued). One learning rate for each layer

    [kappa_l = eta_l / beta] for the layers [l < n], with the orthogonal projections [P_l]. *)

(** When [eta_l / beta -> kappa_l] for each layer, the limit is BPTT with
    [J + sum_l kappa_l (dF/dtheta) P_l (dF/dtheta)^T] in the place of [J]. *)
Definition joint_limit_per_layer : Prop :=
  forall (N : network) DF DPhi_theta (n : nat) (P : nat -> Param N -> Param N)
    (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta : T -> R) (eta : nat -> T -> R) (kappa : nat -> R) (t : nat),
  derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N -> layers N n P ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  (forall l, (l < n)%nat -> along (fun x => eta l x <> 0)) ->
  (forall l, (l < n)%nat -> filterlim (fun x => eta l x / beta x) along (locally (kappa l : R))) ->
  let modified y := plus (dF_ds DF y) (dF_dtheta DF (layer_rates N n P kappa (dPhi_theta_ds DPhi_theta y))) in
  let v := iterate modified t (grad_ell N (s_star N)) in
  filterlim (fun x => per_layer_Delta_state N n P t (beta x) (fun l => eta l x)) along (locally (opp v)) /\
  forall l, (l < n)%nat ->
    filterlim (fun x => per_layer_Delta_param N n P l t (beta x) (fun l => eta l x)) along
      (locally (opp (P l (dPhi_theta_ds DPhi_theta v)))).

(** The updates of the steps [0 .. t] tend to minus BPTT's gradients, those of the neurons, or
    those of the parameters of all layers, if and only if [eta_l / beta -> 0] for each layer [l] that
    has received a signal before, [P_l nabla_theta(i) <> 0] for some [i < t].  The ratios need not
    converge, but are bounded; the rates are of one sign, that of [beta] is free. *)
Definition order_of_limits_per_layer : Prop :=
  forall (N : network) (nabla_s : nat -> State N) (nabla_theta : nat -> Param N) DF DPhi_theta
    (n : nat) (P : nat -> Param N -> Param N)
    (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta : T -> R) (eta : nat -> T -> R) (t : nat),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  (forall i, is_nabla_s N i (nabla_s i)) -> (forall i, is_nabla_theta N i (nabla_theta i)) -> layers N n P ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) ->
  (forall l, (l < n)%nat -> along (fun x => eta l x <> 0)) ->
  (forall l, (l < n)%nat -> exists C, along (fun x => Rabs (eta l x / beta x) <= C)) ->
  (forall l m, (l < n)%nat -> (m < n)%nat -> along (fun x => 0 <= eta l x * eta m x)) ->
  let visible_ratios_vanish := forall l, (l < n)%nat ->
    (exists i, (i < t)%nat /\ P l (nabla_theta i) <> zero) -> filterlim (fun x => eta l x / beta x) along (locally (0:R)) in
  ((forall j, (j <= t)%nat ->
      filterlim (fun x => per_layer_Delta_state N n P j (beta x) (fun l => eta l x)) along (locally (opp (nabla_s j))))
   <-> visible_ratios_vanish) /\
  ((forall j l, (j <= t)%nat -> (l < n)%nat ->
      filterlim (fun x => per_layer_Delta_param N n P l j (beta x) (fun l => eta l x)) along (locally (opp (P l (nabla_theta j)))))
   <-> visible_ratios_vanish).

(** ** 3 (continued). Stability of the second phase, for either sign of [kappa]

    At [eta / beta = kappa] the updates tend to [- M^t g] with [g = grad ell] and the symmetric
    [M = J + kappa (dF/dtheta) (dF/dtheta)^T]; [kappa] has the sign of [beta]. *)

(** Along an eigenvector [v] of [M], eigenvalue [lambda], they are [- lambda^t <g, v>]. *)
Definition component_along_eigenvector : Prop :=
  forall (N : network) DF DPhi_theta (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R)
    (kappa lambda : R) (v : State N) (t : nat),
  has_primitive_function N -> derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa v = scal (lambda : R_AbsRing) v ->
  filterlim (fun x => dot_state N (Delta_state N t (beta x) (eta x)) v) along
    (locally (- (lambda ^ t * dot_state N (grad_ell N (s_star N)) v))).

(** There the limits die out with [t] if and only if [|lambda| < 1], and stay bounded if and only
    if [|lambda| <= 1]. *)
Definition stable_along_eigenvector : Prop :=
  forall (N : network) DF DPhi_theta (kappa lambda : R) (v : State N),
  has_primitive_function N -> derivatives N DF DPhi_theta ->
  let M := modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa in
  M v = scal (lambda : R_AbsRing) v -> dot_state N (grad_ell N (s_star N)) v <> 0 ->
  let update t := opp (iterate M t (grad_ell N (s_star N))) in
  (is_lim_seq (fun t => dot_state N (update t) v) 0 <-> Rabs lambda < 1) /\
  ((exists C, forall t, Rabs (dot_state N (update t) v) <= C) <-> Rabs lambda <= 1).

(** [lambda |v|^2 = <J v, v> + kappa |(dF/dtheta)^T v|^2]: a positive [kappa] pushes the eigenvalue
    up, a negative one down ... *)
Definition eigenvalue_of_kappa : Prop :=
  forall (N : network) DF DPhi_theta (kappa lambda : R) (v : State N),
  has_primitive_function N -> derivatives N DF DPhi_theta ->
  modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa v = scal (lambda : R_AbsRing) v ->
  lambda * dot_state N v v =
  dot_state N (dF_ds DF v) v + kappa * dot_param N (dPhi_theta_ds DPhi_theta v) (dPhi_theta_ds DPhi_theta v).

(** ... so the stable [kappa] have a bound on either side; here in closed form, for an eigenvector
    [v] of [J] (eigenvalue [mu]) and of [(dF/dtheta) (dF/dtheta)^T] (eigenvalue [gamma]). *)
Definition two_sided_bound : Prop :=
  forall (N : network) DF DPhi_theta (mu gamma kappa : R) (v : State N),
  has_primitive_function N -> derivatives N DF DPhi_theta ->
  dF_ds DF v = scal (mu : R_AbsRing) v -> dF_dtheta DF (dPhi_theta_ds DPhi_theta v) = scal (gamma : R_AbsRing) v ->
  dPhi_theta_ds DPhi_theta v <> zero -> dot_state N (grad_ell N (s_star N)) v <> 0 ->
  let M := modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa in
  let update t := opp (iterate M t (grad_ell N (s_star N))) in
  0 < gamma /\
  (is_lim_seq (fun t => dot_state N (update t) v) 0 <-> - (1 + mu) / gamma < kappa < (1 - mu) / gamma).

(** And no eigenvector is needed to see the phase diverge: with [r = <M g, g> / <g, g>] the
    limits grow at least as [|r|^t]. *)
Definition updates_grow : Prop :=
  forall (N : network) DF DPhi_theta (kappa r : R) (t : nat),
  has_primitive_function N -> derivatives N DF DPhi_theta ->
  let g := grad_ell N (s_star N) in
  let M := modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa in
  g <> zero ->
  r * dot_state N g g = dot_state N (dF_ds DF g) g + kappa * dot_param N (dPhi_theta_ds DPhi_theta g) (dPhi_theta_ds DPhi_theta g) ->
  let update := opp (iterate M t g) in
  (r * r) ^ t * dot_state N g g <= dot_state N update update.

(** ** 4. The error at given [beta] and [eta] *)

(** The distance to minus the gradient is at most a constant times [|beta| + |eta / beta|].
    The constants and the radius in which the bound holds are computed in [Vocabulary.v], by
    recursion on [t], from eight numbers [d] that bound the problem's data. *)
Definition error_bound : Prop :=
  forall (N : network) DF DPhi_theta (d : problem_data) (t : nat) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  nonnegative d ->
  bounds_problem (State N) (Param N) (F N) (Phi_theta N) (grad_ell N) (s_star N) (theta N) DF DPhi_theta d ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  forall beta eta : R, beta <> 0 -> Rabs beta + Rabs (eta / beta) <= validity_radius d t ->
  norm (plus (Delta_state N t beta eta) g_s) <= state_constant d t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (Delta_param N t beta eta) g_th) <= param_constant d t * (Rabs beta + Rabs (eta / beta))).

(** To leading order: the error is [beta a + kappa b + O(beta^2 + kappa^2)], [kappa = eta / beta], with
    coefficients that know neither [beta] nor [kappa].  [second_order_at_rest] asks for one derivative
    more than Theorem 1. *)
Definition first_order_error : Prop :=
  forall (N : network) DF DPhi_theta QF QPhi hessian (t : nat) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> second_order_at_rest N DF DPhi_theta QF QPhi hessian -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  exists (a b : State N) (a_th b_th : Param N),
  forall (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R),
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  let order_2 x := beta x * beta x + eta x / beta x * (eta x / beta x) in
  (exists C, 0 <= C /\ along (fun x => norm (minus (Delta_state N t (beta x) (eta x))
    (plus (opp g_s) (plus (scal (beta x : R_AbsRing) a) (scal (eta x / beta x : R_AbsRing) b)))) <= C * order_2 x)) /\
  (exists C, 0 <= C /\ along (fun x => norm (minus (Delta_param N t (beta x) (eta x))
    (plus (opp g_th) (plus (scal (beta x : R_AbsRing) a_th) (scal (eta x / beta x : R_AbsRing) b_th)))) <= C * order_2 x)).

(** The mean of two runs from the same steady state, with [+ beta] and [- beta] at the same [eta]: both
    first-order terms vanish, and the error is [O(beta^2 + kappa^2)]. *)
Definition centred_order_two : Prop :=
  forall (N : network) DF DPhi_theta QF QPhi hessian (t : nat) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> second_order_at_rest N DF DPhi_theta QF QPhi hessian -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  forall (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R),
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  let order_2 x := beta x * beta x + eta x / beta x * (eta x / beta x) in
  (exists C, 0 <= C /\ along (fun x => norm (plus (centred_Delta_state N t (beta x) (eta x)) g_s) <= C * order_2 x)) /\
  (exists C, 0 <= C /\ along (fun x => norm (plus (centred_Delta_param N t (beta x) (eta x)) g_th) <= C * order_2 x)).

(** ** 4 (continued). Constants that are geometric in [t]

    The network is expanded at rest to second order in the state, with remainders of third order
    ([expands], in [Expansion.v]); [h = |beta|], [k = |eta / beta|], [j = |J|], [g = |grad ell|]. *)

(** From numbers alone: the error is at most [q^t g - j^t g], with [q = j + drift] and a drift of the
    order of [h + k], as long as the phase is seen to stay near rest. *)
Definition geometric_error_bound : Prop :=
  forall (N : network) DF DPhi_theta (X : curvature N) (d : expansion_data) (t : nat)
    (beta eta m n g q : R) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  sizes_nonnegative d -> @expands N DF DPhi_theta X d -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  beta <> 0 -> norm (grad_ell N (s_star N)) <= g ->
  geometric_certificate d (Rabs beta) (Rabs (eta / beta)) m n 0 g q t ->
  norm (plus (Delta_state N t beta eta) g_s) <= q ^ t * g - size_J d ^ t * g /\
  (eta <> 0 -> norm (plus (Delta_param N t beta eta) g_th) <=
     size_C d * (q ^ t * g - size_J d ^ t * g) + (lipschitz_Phi d m n - size_C d) * (q ^ t * g)).

(** If [j < 1], one radius of validity serves all [t], and the constants decay as
    [t ((1 + j) / 2)^t]. *)
Definition uniform_error_bound : Prop :=
  forall (N : network) DF DPhi_theta (X : curvature N) (d : expansion_data) (g beta eta : R),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  sizes_nonnegative d -> @expands N DF DPhi_theta X d -> 0 < radius_state d -> 0 < radius_param d ->
  norm (grad_ell N (s_star N)) <= g -> size_J d < 1 ->
  beta <> 0 -> Rabs beta + Rabs (eta / beta) <= uniform_radius d g ->
  forall (t : nat) (g_s : State N) (g_th : Param N), is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  norm (plus (Delta_state N t beta eta) g_s) <= uniform_state_constant d g t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (Delta_param N t beta eta) g_th) <= uniform_param_constant d g t * (Rabs beta + Rabs (eta / beta))).

(** The error is its part of first order, a vector, up to a rest that a certificate bounds step by
    step; [python -m theory] finds and checks the certificate at 784-512-10. *)
Definition stepwise_error_bound : Prop :=
  forall (N : network) DF DPhi_theta (X : curvature N) (d : expansion_data) (t : nat)
    (beta eta : R) (m n nabla first rest error : nat -> R) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  sizes_nonnegative d -> @expands N DF DPhi_theta X d -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  beta <> 0 ->
  (forall i, (i <= t)%nat -> norm (@descent N DF i) <= nabla i) ->
  (forall i, (i <= t)%nat -> norm (@first_order_state N DF DPhi_theta X beta (eta / beta) i) <= first i) ->
  stepwise_certificate d (Rabs beta) (Rabs (eta / beta)) 0 m n nabla first rest error t ->
  norm (minus (plus (Delta_state N t beta eta) g_s) (@first_order_state N DF DPhi_theta X beta (eta / beta) t)) <= rest t /\
  norm (plus (Delta_state N t beta eta) g_s) <= error t /\
  (eta <> 0 ->
   norm (minus (plus (Delta_param N t beta eta) g_th) (@first_order_param N DF DPhi_theta X beta (eta / beta) t))
     <= rest_param d (Rabs beta) 0 m n nabla rest error t).

(** ** 5. Discrete-time networks with an activation

    [s <- sigma(a - beta grad ell)], the nudge inside, or [s <- sigma(a) - beta grad ell], the
    nudge outside, with [a = dPhi/ds]; [D] is the derivative of [sigma] at rest.  The gradients
    are those of the unrolled loss, in the pre-activations and in [theta]. *)

(** With the nudge inside Theorem 1 is exact. *)
Definition inside_nudge_exact : Prop :=
  forall (N : network) (sigma D : State N -> State N),
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  activation_settled N sigma -> activation_differentiable N sigma D ->
  forall (t : nat) (g_p : State N) (g_th : Param N),
  continuous_nearby N -> activation_continuous_nearby N sigma ->
  is_preactivation_gradient N sigma (ell N) t g_p -> is_parameter_gradient N sigma (ell N) t g_th ->
  iterated_limit (inside_Delta_state N sigma t) (opp g_p) /\ iterated_limit (inside_Delta_param N sigma t) (opp g_th).

(** With the nudge outside it is exact for another loss, with [D grad ell~ = grad ell]. *)
Definition outside_nudge_exact_for_modified_loss : Prop :=
  forall (N : network) (sigma D : State N -> State N),
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  activation_settled N sigma -> activation_differentiable N sigma D ->
  forall (modified : State N -> R) (g' : State N) (t : nat) (g_p : State N) (g_th : Param N),
  continuous_nearby N ->
  locally ((s_star N, theta N) : joint N) (fun z => continuous (transition N sigma : joint N -> State N) z) ->
  is_gradient (State N) (dot_state N) modified (s_star N) g' -> D g' = grad_ell N (s_star N) ->
  is_preactivation_gradient N sigma modified t g_p -> is_parameter_gradient N sigma modified t g_th ->
  iterated_limit (outside_Delta_state N sigma t) (opp g_p) /\ iterated_limit (outside_Delta_param N sigma t) (opp g_th).

(** ... and for the loss itself only where the activation's derivative does not show. *)
Definition outside_nudge_exact_iff : Prop :=
  forall (N : network) (sigma D : State N -> State N),
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  activation_settled N sigma -> activation_differentiable N sigma D ->
  forall (g_p : State N),
  is_preactivation_gradient N sigma (ell N) 0 g_p ->
  (forall beta eta, beta <> 0 -> outside_Delta_state N sigma 0 beta eta = opp (grad_ell N (s_star N))) /\
  (filterlim (fun beta => outside_Delta_state N sigma 0 beta 0) (locally' (0:R)) (locally (opp g_p)) <->
   D (grad_ell N (s_star N)) = grad_ell N (s_star N)).

(** A sigmoid unit in numbers: inside, the update of the bias tends to [- 9/16], minus the
    gradient; outside it is [- 3/4], whatever [beta] and [eta]. *)
Definition outside_nudge_fails : Prop :=
  is_parameter_gradient one_unit sigmoid (ell one_unit) 0 (9 / 16) /\
  iterated_limit (inside_Delta_param one_unit sigmoid 0) (- (9 / 16)) /\
  (forall beta eta, beta <> 0 -> eta <> 0 -> outside_Delta_param one_unit sigmoid 0 beta eta = - (3 / 4)).

(** The other loss is a cross-entropy, for the paper's sigmoid and for tanh. *)
Definition modified_loss_is_cross_entropy : Prop :=
  forall (v y : R),
  is_derive (sigmoid_loss y) (sigmoid v) ((sigmoid v - y) / (4 * sigmoid v * (1 - sigmoid v))) /\
  is_derive (tanh_loss y) (tanh v) ((tanh v - y) / (1 - tanh v * tanh v)).

(** ** 6. C-VF: any vector field, forward and backward weights distinct

    In the words of [VectorFieldNetwork.v]: [J] is the Jacobian at rest and [Jt] its transpose, [B]
    is [dF/dtheta] there and [Bt] its transpose; the update is
    [(eta / beta) (dF/dtheta (s_t, theta_t))^T (s_(t+1) - s_t)]. *)

(** The updates miss minus the gradients by a bias, [(J^t - (J^T)^t) grad ell]. *)
Definition vector_field_bias : Prop :=
  forall (N : vector_field) (t : nat) (g_s : vf_State N) (g_th : vf_Param N),
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_continuous_nearby N -> vf_settled N ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  let bias := vf_bias (vf_J N) (vf_Jt N) t (vf_grad_ell N (vf_s_star N)) in
  iterated_limit (plain_Delta_state N t) (opp (plus g_s bias)) /\
  iterated_limit (plain_Delta_param N t) (opp (plus g_th (vf_Bt N bias))).

(** No bias when the Jacobian is symmetric; here in the joint limit, with [eta / beta -> 0]. *)
Definition vector_field_symmetric : Prop :=
  forall (N : vector_field) (t : nat) (g_s : vf_State N) (g_th : vf_Param N)
    (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R),
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  (forall x, vf_J N x = vf_Jt N x) ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim (fun x => plain_Delta_state N t (beta x) (eta x)) along (locally (opp g_s)) /\
  filterlim (fun x => plain_Delta_param N t (beta x) (eta x)) along (locally (opp g_th)).

(** The size of the bias: [t |J - J^T| max(|J|, 1)^(t-1) |grad ell|]. *)
Definition vector_field_bias_bound : Prop :=
  forall (V : NM) (J Jt : V -> V) (norm_of_J asymmetry : R) (t : nat) (g : V),
  is_linear J -> 0 <= norm_of_J -> 0 <= asymmetry ->
  (forall x, norm (J x) <= norm_of_J * norm x) -> (forall x, norm (Jt x) <= norm_of_J * norm x) ->
  (forall x, norm (minus (J x) (Jt x)) <= asymmetry * norm x) ->
  norm (minus (iterate J t g) (iterate Jt t g)) <= INR t * asymmetry * Rmax norm_of_J 1 ^ (t - 1) * norm g.

(** The bias vanishes for every loss and every step if and only if the Jacobian is symmetric. *)
Definition vector_field_unbiased_iff_symmetric : Prop :=
  forall (V : NM) (J Jt : V -> V),
  (forall (t : nat) (g : V), minus (iterate J t g) (iterate Jt t g) = zero) <-> (forall x, J x = Jt x).

(** A chain of two neurons with no connection back: at [t = 1] the gradient is 1/2; in the limit
    [beta -> 0], [eta = beta^2], the update of [theta] is 0. *)
Definition vf_bias_example : Prop :=
  exists g_th : R, g_th = 1 / 2 /\
  is_gradient R1 times (fun th => chain_ell (free_phase (State := Rn 1) (Param := R1) chain_F 2 1 (chain_F ((2, 1), th)))) 2 g_th /\
  filterlim (fun beta : R => Delta_theta (State := Rn 1) (Param := R1) chain_F chain_grad_ell
      (vf_rule (State := Rn 1) (Param := R1) chain_H) (2, 1) 2 beta (beta * beta) 1)
    (locally' (0:R)) (locally (0:R)).

(** The bound on the bias is attained there: [|J - J^T| <= 1/2], [|g| = 1], and the bias is 1/2 at [t = 1]. *)
Definition vf_bias_bound_attained : Prop :=
  (forall x : Rn 1, norm (minus (chain_J x) (chain_Jt x)) <= / 2 * norm x) /\
  norm (vf_bias chain_J chain_Jt 1 ((0, 1) : Rn 1)) = INR 1 * / 2 * Rmax 1 1 ^ (1 - 1) * norm ((0, 1) : Rn 1).

(** At a fixed ratio [eta / beta -> kappa] C-VF follows BPTT with [J + kappa (dF/dtheta) (dF/dtheta)^T]
    in the place of [J^T]; also for the weight between two neurons, whose updates do not telescope
    ([coupled_weight_does_not_telescope]). *)
Definition vector_field_joint_limit : Prop :=
  forall (N : vector_field)
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat),
  vf_differentiable N -> vf_transposes N -> continuous (vf_grad_ell N) (vf_s_star N) -> vf_settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (vf_J N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y))) in
  let v := iterate modified t (vf_grad_ell N (vf_s_star N)) in
  filterlim (fun x => plain_Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => plain_Delta_param N t (beta x) (eta x)) along (locally (opp (vf_Bt N v))).

(** In C-EP [theta_t - kappa phi(s_t)] is constant ([conservation_law]).  Not so the weight from [y] to [x]
    of [loop], which is read at the moving [y]: no function of the state is conserved so. *)
Definition coupled_weight_does_not_telescope : Prop :=
  let phase := nudged_phase (vf_F loop) (vf_grad_ell loop) (vf_rule (vf_H loop)) (vf_s_star loop) (vf_theta loop) in
  ~ exists phi : R2 -> R, forall (beta eta : R) (t : nat), beta <> 0 ->
      snd (phase beta eta t) - eta / beta * phi (fst (phase beta eta t)) = vf_theta loop - eta / beta * phi (vf_s_star loop).

(** ** 6 (continued). Theorem 1 without symmetry: corrected C-VF

    [s_(t+1) = F(s_t, theta_t) - beta grad ell(s_t) - (J - J^T)(s_t - s_star)],
    [theta_(t+1) = theta_t + (eta / beta) (dF/dtheta (s_t, theta_t))^T (s_(t+1) - s_t)],
    for any differentiable vector field [F]: no primitive function, no symmetry. *)

(** BPTT's gradients exist, and are [(J^T)^t grad ell] and its image under [(dF/dtheta)^T]. *)
Definition vector_field_gradients : Prop :=
  forall (N : vector_field) (t : nat),
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  let v := iterate (vf_Jt N) t (vf_grad_ell N (vf_s_star N)) in
  vf_is_nabla_s N t v /\ vf_is_nabla_theta N t (vf_Bt N v).

(** Theorem 1, [eta -> 0] first, then [beta -> 0]. *)
Definition theorem1_without_symmetry : Prop :=
  forall (N : vector_field) (t : nat) (g_s : vf_State N) (g_th : vf_Param N),
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_continuous_nearby N -> vf_settled N ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  iterated_limit (corrected_Delta_state N t) (opp g_s) /\ iterated_limit (corrected_Delta_param N t) (opp g_th).

(** Both together, along any filter, with [eta / beta -> kappa]: BPTT with the transposed Jacobian
    [J^T + kappa (dF/dtheta) (dF/dtheta)^T]. *)
Definition joint_limit_without_symmetry : Prop :=
  forall (N : vector_field)
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat),
  vf_differentiable N -> vf_transposes N -> continuous (vf_grad_ell N) (vf_s_star N) -> vf_settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (vf_Jt N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y))) in
  let v := iterate modified t (vf_grad_ell N (vf_s_star N)) in
  filterlim (fun x => corrected_Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => corrected_Delta_param N t (beta x) (eta x)) along (locally (opp (vf_Bt N v))).

(** With [eta / beta -> 0], minus the gradients. *)
Definition vanishing_ratio_without_symmetry : Prop :=
  forall (N : vector_field)
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R)
  (t : nat) (g_s : vf_State N) (g_th : vf_Param N),
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  filterlim (fun x => corrected_Delta_state N t (beta x) (eta x)) along (locally (opp g_s)) /\
  filterlim (fun x => corrected_Delta_param N t (beta x) (eta x)) along (locally (opp g_th)).

(** The error, with the constants of [error_bound], of data that bound [J^T] in the place of [J]. *)
Definition error_bound_without_symmetry : Prop :=
  forall (N : vector_field) (d : problem_data) (t : nat) (g_s : vf_State N) (g_th : vf_Param N),
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  nonnegative d -> vf_bounds N d -> vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  forall beta eta : R, beta <> 0 -> Rabs beta + Rabs (eta / beta) <= validity_radius d t ->
  norm (plus (corrected_Delta_state N t beta eta) g_s) <= state_constant d t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (corrected_Delta_param N t beta eta) g_th) <= param_constant d t * (Rabs beta + Rabs (eta / beta))).

(** A bound that is geometric in [t], from numbers that hold in a box round rest which the phase does
    not leave: with [h = |beta|], [k = |eta / beta|], [|grad ell| <= g], [j = box_Jt] and
    [drift = curvature (1 + k |H|) + k |B| |H| + h lipschitz] the error of the neurons is at most
    [((j + drift)^t - j^t) g]. *)
Definition geometric_bound_without_symmetry : Prop :=
  forall (N : vector_field) (d : box_data) (beta eta g : R) (t : nat) (g_s : vf_State N) (g_th : vf_Param N),
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  box_nonnegative d -> vf_bounds_in_box N d -> norm (vf_grad_ell N (vf_s_star N)) <= g ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  let rate := box_Jt d + box_drift d (Rabs beta) (Rabs (eta / beta)) in
  beta <> 0 -> Rabs beta * (g * box_total rate t) <= box_state d ->
  Rabs (eta / beta) * (box_H d * (Rabs beta * (g * box_total rate t))) <= box_param d ->
  norm (plus (corrected_Delta_state N t beta eta) g_s) <= (rate ^ t - box_Jt d ^ t) * g /\
  (eta <> 0 -> norm (plus (corrected_Delta_param N t beta eta) g_th)
    <= (box_variation d * rate ^ t + box_H d * (rate ^ t - box_Jt d ^ t)) * g).

(** When [J = J^T] nothing is corrected: the second phase is that of the paper's C-VF, at every
    [beta], [eta] and [t] ... *)
Definition no_correction_when_symmetric : Prop :=
  forall (N : vector_field) (beta eta : R) (t : nat),
  (forall x, vf_J N x = vf_Jt N x) ->
  cvf_less N (asymmetry N) beta eta t =
  nudged_phase (vf_F N) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.

(** ... and Theorem 1 is the symmetric case: the proof of [theorem1_without_symmetry] gives it again. *)
Definition theorem1_as_symmetric_case : Prop :=
  theorem1.

(** A loop of two neurons whose weights differ meets every hypothesis; its Jacobian is not symmetric. *)
Definition loop_meets_every_hypothesis : Prop :=
  vf_meets_every_hypothesis loop /\ ~ (forall s, vf_J loop s = vf_Jt loop s).

(** There [nabla_s(1) = (1/2, 0)], which the corrected updates follow; plain C-VF goes to [- (1, .)]. *)
Definition loop_plain_and_corrected : Prop :=
  vf_is_nabla_s loop 1 (/ 2, 0) /\
  iterated_limit (corrected_Delta_state loop 1) (- / 2, - 0) /\
  (forall v : R2, iterated_limit (Delta_state_less loop (fun _ => (0, 0)) 1) v -> fst v = - 1).

(** The error bound there, in numbers. *)
Definition loop_error_bound : Prop :=
  forall (beta eta : R),
  beta <> 0 -> Rabs beta + Rabs (eta / beta) <= 1 ->
  norm (plus (corrected_Delta_state loop 1 beta eta) ((/ 2, 0) : R2)) <= 20 * (Rabs beta + Rabs (eta / beta)).

(** Without the correction the theorem is false, *)
Definition plain_misses : Prop :=
  misses (fun N _ => zero).

(** ... with [J] and [J^T] exchanged, *)
Definition exchanged_correction_misses : Prop :=
  misses (fun N s => opp (asymmetry N s)).

(** ... with half the correction, *)
Definition halved_correction_misses : Prop :=
  misses (fun N s => scal (/ 2 : R_AbsRing) (asymmetry N s)).

(** ... and with the correction anchored at 0 in the place of [s_star]. *)
Definition correction_anchored_at_0_misses : Prop :=
  misses (fun N s => minus (vf_J N s) (vf_Jt N s)).

(** ** 7. A free phase that has only approximately settled

    The second phase starts from [s], with the residual [F(s, theta) - s]; the gradients are
    those at the steady state. *)

(** A residual of [beta r] to first order adds [J^t r] to the updates. *)
Definition residual_bias : Prop :=
  forall (N : network) DF DPhi_theta (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along)
  (beta eta : T -> R) (s : T -> State N) (r : State N) (t : nat) (g_s : State N) (g_th : Param N),
  has_primitive_function N -> strict_derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim s along (locally (s_star N)) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally r) ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (fun x => Delta_state_from N (s x) t (beta x) (eta x)) along
    (locally (minus (iterate (dF_ds DF) t r) g_s)) /\
  filterlim (fun x => Delta_param_from N (s x) t (beta x) (eta x)) along
    (locally (minus (dPhi_theta_ds DPhi_theta (iterate (dF_ds DF) t r)) g_th)).

(** So it must be [o(beta)], and this is already forced by the first update. *)
Definition residual_must_be_o_beta : Prop :=
  forall (N : network) (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along)
  (beta eta : T -> R) (s : T -> State N) (g_s : State N),
  loss_differentiable N ->
  along (fun x => beta x <> 0) -> filterlim s along (locally (s_star N)) -> is_nabla_s N 0 g_s ->
  (filterlim (fun x => Delta_state_from N (s x) 0 (beta x) (eta x)) along (locally (opp g_s)) <->
   filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally (zero : State N))).

(** The amplification by [1 / beta], for one [beta], with no limit taken. *)
Definition residual_amplified : Prop :=
  forall (N : network) (s : State N) (beta eta : R),
  beta <> 0 ->
  Delta_state_from N s 0 beta eta = minus (scal (/ beta : R_AbsRing) (residual N s)) (grad_ell N s) /\
  norm (residual N s) / Rabs beta - norm (grad_ell N s) <= norm (Delta_state_from N s 0 beta eta).

(** When the free phase contracts, [c < 1], its residual falls as [c^T]. *)
Definition residual_decays : Prop :=
  forall (N : network) (c : R) (s : State N) (T : nat),
  0 <= c < 1 ->
  (forall s s', norm (minus (F N (s', theta N)) (F N (s, theta N))) <= c * norm (minus s' s)) ->
  norm (residual N (free_phase (F N) (theta N) T s)) <= c ^ T * norm (residual N s).

(** For one [beta] and one [eta]: a residual of at most [eps], and BPTT's recurrence
    [J^t grad ell(s)] at the end of the free phase.  The trajectory stays in a [region] where the
    network is [nearly_linear]: [|J x| <= j |x|], and so on. *)
Definition residual_bound : Prop :=
  forall (N : network) (J : State N -> State N) (j lambda mu L nu : R) (region : State N * Param N -> Prop)
    (s : State N) (beta eta : R) (t : nat) (eps : R),
  nearly_linear N J j lambda mu L nu region ->
  beta <> 0 -> (forall k, (k <= S t)%nat -> region (cep_from N s beta eta k)) ->
  norm (residual N s) <= eps ->
  let delta := drift_factor lambda mu L nu beta eta in
  norm (plus (Delta_state_from N s t beta eta) (iterate J t (grad_ell N s))) <=
  (j + delta) ^ t * (eps / Rabs beta) + ((j + delta) ^ t - j ^ t) * norm (grad_ell N s).

(** Against BPTT's gradient at the steady state itself. *)
Definition approximately_settled_bound : Prop :=
  forall (N : network) (J : State N -> State N) (j lambda mu L nu : R) (region : State N * Param N -> Prop)
    (s : State N) (beta eta : R) (t : nat) (eps : R) DF DPhi (g_s : State N),
  nearly_linear N J j lambda mu L nu region ->
  beta <> 0 -> (forall k, (k <= S t)%nat -> region (cep_from N s beta eta k)) ->
  norm (residual N s) <= eps ->
  has_primitive_function N -> derivatives N DF DPhi -> (forall x, J x = dF_ds DF x) -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> region (s_star N, theta N) ->
  let delta := drift_factor lambda mu L nu beta eta in
  norm (plus (Delta_state_from N s t beta eta) g_s) <=
  (j + delta) ^ t * (eps / Rabs beta) + ((j + delta) ^ t - j ^ t) * norm (grad_ell N s)
  + j ^ t * (L * norm (minus s (s_star N))).

(** ... and against BPTT's gradient of the free phase as it was, never at rest: [q k] is its
    state [k] steps before the end, and [DF k] the derivative of [F] there. *)
Definition unsettled_bptt_bound : Prop :=
  forall (N : network) (J : State N -> State N) (j lambda mu L nu : R) (region : State N * Param N -> Prop)
    (s : State N) (beta eta : R) (t : nat) (eps : R)
    (q : nat -> State N) (DF : nat -> State N * Param N -> State N) (g_s : State N),
  nearly_linear N J j lambda mu L nu region ->
  beta <> 0 -> (forall k, (k <= S t)%nat -> region (cep_from N s beta eta k)) ->
  norm (residual N s) <= eps ->
  q 0%nat = s -> (forall k, (k < t)%nat -> F N (q (S k), theta N) = q k) ->
  (forall k, (k <= t)%nat -> primitive_function (dot_state N) (dot_param N) (Phi N) (F N) (Phi_theta N) (q k) (theta N)) ->
  (forall k, (k <= t)%nat -> filterdiff (U := joint N) (F N) (locally ((q k, theta N) : joint N)) (DF k)) ->
  (forall k, (k <= t)%nat -> exists DPhi, filterdiff (U := joint N) (Phi_theta N) (locally ((q k, theta N) : joint N)) DPhi) ->
  (forall k x, (k <= t)%nat -> norm (minus (dF_ds (DF k) x) (J x)) <= lambda * norm x) ->
  is_gradient (State N) (dot_state N) (ell N) s (grad_ell N s) ->
  is_gradient (State N) (dot_state N) (loss_of_state N t) (q t) g_s ->
  let delta := drift_factor lambda mu L nu beta eta in
  norm (plus (Delta_state_from N s t beta eta) g_s) <=
  (j + delta) ^ t * (eps / Rabs beta) + 2 * ((j + delta) ^ t - j ^ t) * norm (grad_ell N s).

(** ** 7 (continued). The steady state *)

(** Where the free phase contracts, a steady state exists, is unique, and is approached as [c^T]. *)
Definition steady_state : Prop :=
  forall (State Param : NM) (F : State * Param -> State) (theta : Param) (region : State -> Prop) (c : R) (start : State),
  complete State -> 0 <= c < 1 -> closed_region State region ->
  (forall s, region s -> region (F (s, theta))) ->
  (forall s s', region s -> region s' -> norm (minus (F (s', theta)) (F (s, theta))) <= c * norm (minus s' s)) ->
  region start ->
  exists s_star, region s_star /\ F (s_star, theta) = s_star /\
    (forall s, region s -> F (s, theta) = s -> s = s_star) /\
    forall s T, region s ->
      norm (minus (free_phase F theta T s) s_star) <= c ^ T * norm (minus s s_star) /\
      norm (minus s s_star) <= norm (minus (F (s, theta)) s) / (1 - c).

(** A bound [c < 1] of the Jacobian in a ball is enough, if the residual at its centre is at most
    [(1 - c)] times its radius. *)
Definition steady_state_in_ball : Prop :=
  forall (State Param : NM) (F : State * Param -> State) (theta : Param) (center : State) (r c : R) (J : State -> State -> State),
  complete State -> 0 <= c < 1 -> 0 <= r ->
  (forall s, norm (minus s center) <= r ->
     filterdiff (fun s => F (s, theta)) (locally s) (J s) /\ forall w, norm (J s w) <= c * norm w) ->
  norm (minus (F (center, theta)) center) <= (1 - c) * r ->
  exists s_star, norm (minus s_star center) <= r /\ F (s_star, theta) = s_star /\
    (forall s, norm (minus s center) <= r -> F (s, theta) = s -> s = s_star) /\
    forall s T, norm (minus s center) <= r ->
      norm (minus (free_phase F theta T s) s_star) <= c ^ T * norm (minus s s_star) /\
      norm (minus s s_star) <= norm (minus (F (s, theta)) s) / (1 - c).

(** The spaces of every finite network are complete. *)
Definition finite_dimension_is_complete : Prop := forall n : nat, complete (Rn n).

(** [T] steps of a free phase that contracts, in the place of "settled": the bound of
    [geometric_error_bound], with what [T] steps leave of the first residual [rho] added to it. *)
Definition finite_free_phase : Prop :=
  forall (N : network) (region : State N -> Prop) (c rho : R) (start : State N) DF DPhi_theta (X : curvature N)
    (d : expansion_data) (T t : nat) (beta eta g L m n q : R) (g_s : State N) (g_th : Param N),
  0 <= c < 1 -> (forall s, region s -> region (F N (s, theta N))) ->
  (forall s s', region s -> region s' -> norm (minus (F N (s', theta N)) (F N (s, theta N))) <= c * norm (minus s' s)) ->
  region start -> region (s_star N) -> settled N -> norm (residual N start) <= rho ->
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N ->
  sizes_nonnegative d -> @expands N DF DPhi_theta X d -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  beta <> 0 -> norm (grad_ell N (s_star N)) <= g -> 0 <= L ->
  (forall s, region s -> norm (minus (grad_ell N s) (grad_ell N (s_star N))) <= L * norm (minus s (s_star N))) ->
  let s_T := free_phase (F N) (theta N) T start in
  let a0 := c ^ T * (rho / (1 - c)) in
  let e0 := c ^ T * (rho / Rabs beta) + L * a0 in
  geometric_certificate d (Rabs beta) (Rabs (eta / beta)) m n a0 (g + e0) q t ->
  norm (plus (Delta_state_from N s_T t beta eta) g_s) <= q ^ t * (g + e0) - size_J d ^ t * g /\
  (eta <> 0 -> norm (plus (Delta_param_from N s_T t beta eta) g_th) <=
     size_C d * (q ^ t * (g + e0) - size_J d ^ t * g) + (lipschitz_Phi d m n - size_C d) * (q ^ t * (g + e0))).

(** Theorem 1 with a finite free phase: it must be long enough for [c^T = o(beta)]. *)
Definition theorem1_finite_free_phase : Prop :=
  forall (N : network) (region : State N -> Prop) (c : R) (start : State N)
    (I : Type) (along : (I -> Prop) -> Prop) (HF : Filter along) (beta eta : I -> R) (T : I -> nat) (t : nat)
    (g_s : State N) (g_th : Param N),
  0 <= c < 1 -> (forall s, region s -> region (F N (s, theta N))) ->
  (forall s s', region s -> region s' -> norm (minus (F N (s', theta N)) (F N (s, theta N))) <= c * norm (minus s' s)) ->
  region start -> region (s_star N) -> settled N ->
  has_primitive_function N -> (exists DF DPhi_theta, strict_derivatives N DF DPhi_theta) -> loss_differentiable N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim (fun x => c ^ T x / beta x) along (locally (0:R)) ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (fun x => Delta_state_from N (free_phase (F N) (theta N) (T x) start) t (beta x) (eta x)) along (locally (opp g_s)) /\
  filterlim (fun x => Delta_param_from N (free_phase (F N) (theta N) (T x) start) t (beta x) (eta x)) along (locally (opp g_th)).

(** ** 8. The hypotheses can be met *)

(** One linear neuron. *)
Definition leaky_meets_every_hypothesis : Prop :=
  meets_every_hypothesis leaky.

(** A hidden and an output neuron with one symmetric weight and a bias. *)
Definition layered_meets_every_hypothesis : Prop :=
  meets_every_hypothesis layered.

(** A neuron whose activation is no polynomial. *)
Definition sine_meets_every_hypothesis : Prop :=
  meets_every_hypothesis sine.

(** Every network with a quadratic primitive function. *)
Definition quadratic_meets_every_hypothesis : Prop :=
  forall (V W : NM) (ipV : V -> V -> R) (ipW : W -> W -> R) (kV : R)
    (HV : is_inner_product V ipV) (HW : is_inner_product W ipW),
  0 <= kV -> (forall x y, Rabs (ipV x y) <= kV * (norm x * norm y)) ->
  forall (J : V -> V) (B : W -> V) (C : V -> W),
  is_linear J -> is_linear B -> is_linear C ->
  (forall x y, ipV (J x) y = ipV x (J y)) -> (forall v y, ipV (B v) y = ipW v (C y)) ->
  forall g : V, meets_every_hypothesis (quadratic HV HW J B C g).

(** A neuron with the Jacobian [-1/2]. *)
Definition alternating_meets_every_hypothesis : Prop :=
  meets_every_hypothesis alternating.

(** Two neurons with a positive semi-definite Jacobian. *)
Definition positive_meets_every_hypothesis : Prop :=
  meets_every_hypothesis positive.

(** A hidden and an output neuron; the parameter acts on the hidden one only. *)
Definition deep_meets_every_hypothesis : Prop :=
  meets_every_hypothesis deep.

(** The hypotheses of the augmented primitive function: the layered network, *)
Definition layered_meets_augmented_hypotheses : Prop :=
  meets_augmented_hypotheses layered.

(** ... and the neuron whose activation is no polynomial. *)
Definition sine_meets_augmented_hypotheses : Prop :=
  meets_augmented_hypotheses sine.

(** In [R^(n+1)], with states of [n+1] and parameters of [m+1] numbers: every vector field that is
    differentiable, with a derivative in the parameters that is continuous, meets every hypothesis of
    [theorem1_without_symmetry] at each of its steady states; the transposes are constructed. *)
Definition smooth_fields_are_instances : Prop :=
  forall (n m : nat) (F : Rn n * Rn m -> Rn n) (DF : Rn n * Rn m -> Rn n * Rn m -> Rn n)
    (ell : Rn n -> R) (grad_ell : Rn n -> Rn n) (s_star : Rn n) (theta : Rn m),
  let Z := prod_NormedModule R_AbsRing (Rn n) (Rn m) in
  (forall z : Z, filterdiff (U := Z) F (locally z) (DF z)) ->
  (forall v (z : Z), continuous (fun z : Z => DF z (zero, v)) z) ->
  (forall s, is_gradient (Rn n) (dot n) ell s (grad_ell s)) -> (forall s, continuous grad_ell s) ->
  F (s_star, theta) = s_star ->
  vf_meets_every_hypothesis (smooth_vector_field n m F DF ell grad_ell s_star theta).

(** So do two tanh neurons with any two weights [w] and [v], whose Jacobian is in general not symmetric. *)
Definition tanh_pair_meets_every_hypothesis : Prop :=
  forall a b w v target : R,
  vf_meets_every_hypothesis (tanh_pair a b w v target) /\
  (w * (1 - tanh a * tanh a) <> v * (1 - tanh b * tanh b) ->
   ~ (forall s, vf_J (tanh_pair a b w v target) s = vf_Jt (tanh_pair a b w v target) s)).

(** The layered network has the second derivatives that the centred estimator asks for. *)
Definition layered_second_order : Prop :=
  exists DF DPhi_theta QF QPhi hessian, second_order_at_rest layered DF DPhi_theta QF QPhi hessian.

(** ** 9. The limits in numbers *)

(** Theorem 1: BPTT's gradients of the linear neuron are [(1/2)^t]. *)
Definition leaky_theorem1 : Prop :=
  forall (t : nat),
  iterated_limit (Delta_state leaky t) (- (/ 2) ^ t) /\ iterated_limit (Delta_param leaky t) (- (/ 2) ^ t).

(** With [eta = kappa beta] the limits are those of the modified network, for every [kappa]:
    in numbers, [- (1/2 + kappa)^t]. *)
Definition leaky_at_fixed_ratio : Prop :=
  forall (kappa : R) (t : nat),
  kappa <> 0 ->
  filterlim (fun b => Delta_state leaky t b (kappa * b)) (locally' (0:R)) (locally (- (/ 2 + kappa) ^ t : R)) /\
  filterlim (fun b => Delta_param leaky t b (kappa * b)) (locally' (0:R)) (locally (- (/ 2 + kappa) ^ t : R)).

(** One even step taken alone does not force [eta / beta -> 0]: [nabla_theta(0) = 1], [nabla_s(2) =
    nabla_theta(2) = 1/4], and with [eta = beta] both updates of the step 2 are right. *)
Definition alternating_step_2 : Prop :=
  is_nabla_theta alternating 0 1 /\ is_nabla_s alternating 2 (/ 4) /\ is_nabla_theta alternating 2 (/ 4) /\
  filterlim (fun beta => Delta_state alternating 2 beta (1 * beta)) (locally' (0:R)) (locally (opp (/ 4 : R1))) /\
  filterlim (fun beta => Delta_param alternating 2 beta (1 * beta)) (locally' (0:R)) (locally (opp (/ 4 : R1))).

(** Nor does it where the Jacobian is positive semi-definite; here with [eta = beta / 3]. *)
Definition positive_step_2 : Prop :=
  (forall x : Rn 1, 0 <= dot 1 (matrix 0 0 0 (/ 3) x) x) /\
  is_nabla_theta positive 0 (12, -10) /\ is_nabla_s positive 2 (0, - 20 / 9) /\ is_nabla_theta positive 2 (- 5 / 3, - 10 / 9) /\
  filterlim (fun beta => Delta_state positive 2 beta (/ 3 * beta)) (locally' (0:R)) (locally (opp ((0, - 20 / 9) : Rn 1))) /\
  filterlim (fun beta => Delta_param positive 2 beta (/ 3 * beta)) (locally' (0:R)) (locally (opp ((- 5 / 3, - 10 / 9) : Rn 1))).

(** On the network [deep], [nabla_theta(0) = 0] and [nabla_theta(1) = 1/2]: the updates of the steps 0
    and 1 are right whatever the ratio does, those of the steps 0, 1 and 2 only if it vanishes. *)
Definition deep_first_trace : Prop :=
  let right_up_to t := fun (T : Type) (along : (T -> Prop) -> Prop) (beta eta : T -> R) =>
    forall j, (j <= t)%nat -> forall g_th, is_nabla_theta deep j g_th ->
    filterlim (fun x => Delta_param deep j (beta x) (eta x)) along (locally (opp g_th)) in
  is_nabla_theta deep 0 0 /\ is_nabla_theta deep 1 (/ 2) /\
  ~ forces_order_of_limits (fun _ => True) (right_up_to 1%nat) /\ forces_order_of_limits (fun _ => True) (right_up_to 2%nat).

(** The error bound at [t = 1]: both constants are 2, and they hold as soon as [|beta| + |eta / beta| <= 1]. *)
Definition leaky_error_bound : Prop :=
  forall (beta eta : R),
  beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= 1 ->
  Rabs (Delta_state leaky 1 beta eta + / 2) <= 2 * (Rabs beta + Rabs (eta / beta)) /\
  Rabs (Delta_param leaky 1 beta eta + / 2) <= 2 * (Rabs beta + Rabs (eta / beta)).

(** The geometric bound on [loop] after fifteen steps, where [nabla_s(15) = (1/256, 0)]: for [|beta|] and
    [|eta / beta|] up to [10^-6] the error is at most 1/2500. *)
Definition loop_geometric_bound : Prop :=
  forall beta eta : R, beta <> 0 -> Rabs beta <= / 1000000 -> Rabs (eta / beta) <= / 1000000 ->
  vf_bounds_in_box loop loop_box /\ vf_is_nabla_s loop 15 (/ 256, 0) /\
  norm (plus (corrected_Delta_state loop 15 beta eta) ((/ 256, 0) : R2)) <= / 2500.

(** C-VF at [eta = kappa beta] on [loop]: BPTT has [nabla_s(2) = (0, 1/2)], plain C-VF goes to
    [- (kappa, 1/2)] and the corrected rule to [- (kappa / 2, 1/2)]. *)
Definition loop_at_fixed_ratio : Prop :=
  forall kappa : R, kappa <> 0 ->
  vf_is_nabla_s loop 2 (0, / 2) /\
  filterlim (fun beta => plain_Delta_state loop 2 beta (kappa * beta)) (locally' (0:R)) (locally (opp ((kappa, / 2) : R2))) /\
  filterlim (fun beta => corrected_Delta_state loop 2 beta (kappa * beta)) (locally' (0:R)) (locally (opp ((kappa / 2, / 2) : R2))).

(** C-EP to EP at [beta = 1], far from a limit in [beta]: the second state and the total update. *)
Definition leaky_tends_to_ep : Prop :=
  filterlim (fun eta => fst (cep leaky 1 eta 2)) (locally (0:R)) (locally (1 / 2 : R)) /\
  filterlim (fun eta => scal (/ eta : R_AbsRing) (minus (snd (cep leaky 1 eta 2)) (theta leaky : R1))) (locally' (0:R)) (locally (- / 2 : R)).

(** The updates of [leaky] at [eta = kappa beta] tend to [- (1/2 + kappa)^t] ([leaky_at_fixed_ratio]); the two
    signs of [kappa] have different bounds. *)
Definition leaky_stable_iff : Prop :=
  forall kappa : R, is_lim_seq (fun t => - (/ 2 + kappa) ^ t) 0 <-> - (3 / 2) < kappa < / 2.

(** With [kappa_o -> 0] and [|kappa_h| = 1] the steps 0 and 1 of [two_layers] are right, and step 2 is not. *)
Definition two_layers_ratios : Prop :=
  let right j := filterlim (fun beta => per_layer_Delta_state two_layers 2 bias_of j beta (fun l => rate_of l beta))
    (locally' (0:R)) (locally (opp (iterate (matrix 0 (/ 2) (/ 2) 0) j ((1, 0) : Rn 1)))) in
  (forall j, (j <= 1)%nat -> right j) /\ ~ (forall j, (j <= 2)%nat -> right j).

(** A single run is wrong at first order, here by [beta - kappa]; the mean of two is not. *)
Definition leaky_single_and_centred : Prop :=
  forall beta eta : R, beta <> 0 ->
  Delta_state leaky 1 beta eta = - / 2 + (beta - eta / beta) /\ centred_Delta_state leaky 1 beta eta = - / 2.

(** On [curved] one radius, [1/26], serves every [t]; both gradients are [(1/2)^t]. *)
Definition curved_error_bound : Prop :=
  forall beta eta : R, beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= / 26 ->
  forall t : nat,
  (is_nabla_s curved t ((/ 2) ^ t) /\ is_nabla_theta curved t ((/ 2) ^ t)) /\
  Rabs (Delta_state curved t beta eta + (/ 2) ^ t) <= 6 * (INR t * (3 / 4) ^ (t - 1)) * (Rabs beta + Rabs (eta / beta)) /\
  Rabs (Delta_param curved t beta eta + (/ 2) ^ t) <= 6 * (INR t * (3 / 4) ^ (t - 1)) * (Rabs beta + Rabs (eta / beta)).

(** ... and its free phase approaches rest at the rate [3/4] from within [1/4]. *)
Definition curved_settles : Prop :=
  forall s : R, Rabs s <= / 4 ->
  (forall T, Rabs (free_phase (F curved) (theta curved) T s) <= (3 / 4) ^ T * Rabs s) /\
  (F curved (s, theta curved) = s -> s = s_star curved).

(** ** 10. No hypothesis can be dropped, nor the sign or the order of the limits changed *)

(** The updates descend: [+ nabla] is wrong wherever the gradient is not zero, on every network. *)
Definition sign_is_needed : Prop :=
  forall (N : network) (t : nat) (g_s : State N) (g_th : Param N),
  meets_every_hypothesis N -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  (iterated_limit (Delta_state N t) g_s <-> g_s = zero) /\
  (iterated_limit (Delta_param N t) g_th <-> g_th = zero).

(** So the order of limits matters: at every fixed ratio the joint limit is not [- nabla]. *)
Definition fixed_ratio_is_biased : Prop :=
  forall (kappa : R),
  kappa <> 0 ->
  exists g, is_nabla_s leaky 1 g /\
  ~ filterlim (fun b => Delta_state leaky 1 b (kappa * b)) (locally' (0:R)) (locally (opp g)).

(** Theorem 1 with [eta = beta] is false. *)
Definition joint_limit_needs_vanishing_ratio : Prop :=
  ~ (forall N t g, meets_every_hypothesis N -> is_nabla_s N t g ->
     filterlim (fun b => Delta_state N t b b) (locally' (0:R)) (locally (opp g))).

(** Taken in the other order, [beta -> 0] at a fixed [eta], the first limit does not exist. *)
Definition limits_in_the_other_order : Prop :=
  ~ (forall N t g, meets_every_hypothesis N -> is_nabla_s N t g ->
     iterated_limit (fun eta beta => Delta_state N t beta eta) (opp g)).

(** Started away from rest, already the first update blows up as [1 / beta]. *)
Definition settling_is_needed : Prop :=
  ~ (forall N t g_s g_th, has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
     continuous_nearby N -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
     iterated_limit (Delta_state N t) (opp g_s)).

(** The loss's gradient must be continuous at rest, where the nudge uses it. *)
Definition continuity_of_the_nudge_is_needed : Prop :=
  ~ (forall N t g, has_primitive_function N -> twice_differentiable N -> settled N ->
     is_gradient (State N) (dot_state N) (ell N) (s_star N) (grad_ell N (s_star N)) ->
     is_nabla_s N t g -> iterated_limit (Delta_state N t) (opp g)).

(** Without twice differentiable [Phi], at a kink, the updates need not converge at all. *)
Definition differentiability_is_needed : Prop :=
  ~ (forall N t, has_primitive_function N -> loss_differentiable N -> continuous_nearby N -> settled N ->
     exists v, iterated_limit (Delta_state N t) v).

(** Without a primitive function, when the Jacobian is not symmetric, the theorem is false. *)
Definition primitive_function_is_needed : Prop :=
  ~ (forall N t g, twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
     is_nabla_s N t g -> iterated_limit (Delta_state N t) (opp g)).

(** Where [Phi] is not affine in [theta], here [Phi = theta^2 s / 2], C-EP is not EP in the augmented function.
    At [theta = 1] with [kappa = 1] its gradient is [s]; after two steps at [beta = eta = 1] EP in it is at
    [0], and C-EP at [1/8]. *)
Definition affine_is_needed : Prop :=
  settled squared_bias /\
  (forall s : R, is_gradient R1 times
     (fun x => Phi squared_bias (x, 1) + (Phi_theta squared_bias (x, 1) - Phi_theta squared_bias (1 / 2, 1)) ^ 2 / 2) s s) /\
  ep_phase (State := R1) (Param := R1) (fun z => fst z) (grad_ell squared_bias) (1 / 2) 1 1 2 = 0 /\
  fst (cep squared_bias 1 1 2) = 1 / 8.

(** ** 11. Layered networks, of any depth and sizes

    For every [layered_model]: its layers' sizes and activations, mini-batch, inputs, targets and
    rates.  [s] and [th] are any states and parameters; that [s] is at rest is all that is supposed.
    Gradients in the parameters are Euclidean and those of the loss summed over the samples;
    [rates] takes them to [rate n] times that of the mean loss, layer by layer. *)

(** The activations have the derivative [slope], and derivatives of every order. *)
Definition activation_smooth : Prop :=
  forall (a : activation) (v : R), is_derive (rho a) v (slope a v) /\ forall n, ex_derive_n (rho a) n v.

(** Energy-based: every hypothesis of the theorems above but rest, and the numbers that the
    error bounds are given. *)
Definition energy_based_meets_every_hypothesis : Prop :=
  forall (L : layered_model) (dt : R) (s : states L) (th : parameters L),
  let N := energy_based dt s th in
  has_primitive_function N /\ primitive_function_everywhere N /\ twice_differentiable N /\
  loss_differentiable N /\ continuous_nearby N /\
  affine_in_theta N /\ phi_differentiable N /\ bounded_inner_product (Param N) (dot_param N) /\
  (exists DF DPhi_theta, strict_derivatives N DF DPhi_theta /\
    strictly_differentiable_in_s (State N) (Param N) (Phi_theta N) (dPhi_theta_ds DPhi_theta) (s_star N) (theta N)) /\
  (exists DF DPhi_theta QF QPhi hessian, second_order_at_rest N DF DPhi_theta QF QPhi hessian) /\
  forall n, layers N n (@layer_projection L).

(** Prototypical: those of the theorems on activations. *)
Definition prototypical_meets_every_hypothesis : Prop :=
  forall (L : layered_model) (s : states L) (th : parameters L),
  let N := prototypical s th in
  has_primitive_function N /\ twice_differentiable N /\ loss_differentiable N /\ continuous_nearby N /\
  (exists D, activation_differentiable N (activate L) D) /\ activation_continuous_nearby N (activate L) /\
  locally ((s_star N, theta N) : joint N) (fun z => continuous (transition N (activate L) : joint N -> State N) z).

(** What one step of C-EP does to each neuron and to each parameter. *)
Definition energy_based_step : Prop :=
  forall (L : layered_model) (dt : R) (s : states L) (th : parameters L) (beta eta : R) (s0 : states L) (th0 : parameters L),
  let N := energy_based dt s th in
  let send := activations L in
  let drive b j := rho (send (pred (depth L))) (input L b j) in
  let z' := nudged_step (F N) (grad_ell N) (ep_rule (Phi_theta N)) beta eta (s0, th0) in
  let s' := fst z' : states L in let th' := snd z' : parameters L in
  (forall b n i, In (b, (n, i)) (state_names L) ->
    unit_state s' b n i = (1 - dt) * unit_state s0 b n i +
      dt * (slope (send n) (unit_state s0 b n i) * (from_above send drive s0 th0 b n i + from_below send drive s0 th0 b n i))
      - beta * match n with O => unit_state s0 b 0 i - target L b i | S _ => 0 end) /\
  (forall n i o, In (n, i, o) (param_names L) ->
    let product (s : states L) b := dt * (rho (send n) (unit_state s b n i) * match o with None => 1 | Some j => signal send drive s b (S n) j end) in
    param th' n i o = param th0 n i o + eta / beta * (rate L n / INR (samples L) *
      sum_below (samples L) (fun b => product s' b - product s0 b))).

(** In the prototypical setting [F] is the pre-activation [W_n s^(n+1) + b_n + W_(n-1)^T s^(n-1)],
    with the input in the place of the layer after the last. *)
Definition prototypical_preactivation : Prop :=
  forall (L : layered_model) (s : states L) (th : parameters L) (z : states L * parameters L) (b n i : nat),
  In (b, (n, i)) (state_names L) ->
  let none _ := Identity in
  unit_state (F (prototypical s th) z : states L) b n i =
  from_above none (input L) (fst z) (snd z) b n i + from_below none (input L) (fst z) (snd z) b n i.

(** Energy-based: BPTT's gradients exist, for every [t]. *)
Definition layered_gradients_exist : Prop :=
  forall (L : layered_model) (dt : R) (s : states L) (th : parameters L) (t : nat),
  let N := energy_based dt s th in
  settled N ->
  exists (g_s : states L) (g_th : parameters L),
    is_nabla_s N t g_s /\ is_gradient (parameters L) (dot_parameters L) (loss_of_param N t) th g_th.

(** Theorem 1, energy-based: [eta -> 0], then [beta -> 0]. *)
Definition layered_theorem1 : Prop :=
  forall (L : layered_model) (dt : R) (s : states L) (th : parameters L) (t : nat) (g_s : states L) (g_th : parameters L),
  let N := energy_based dt s th in
  settled N ->
  is_nabla_s N t g_s -> is_gradient (parameters L) (dot_parameters L) (loss_of_param N t) th g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp (rates g_th)).

(** Theorem 2: no limit, for every mini-batch and rates. *)
Definition layered_cep_is_ep : Prop :=
  forall (L : layered_model) (dt : R) (s : states L) (th : parameters L) (beta eta : R),
  let N := energy_based dt s th in
  let K v := scal (eta / beta : R_AbsRing) v in
  primitive_function_everywhere (augmented N K) /\
  forall t, fst (cep N beta eta t) = ep (augmented N K) beta t /\
            snd (cep N beta eta t) = ep_update (augmented N K) (fun v => v) beta eta t.

(** Prototypical: the gradients exist, for the squared error and for the cross-entropy that
    matches the output's activation. *)
Definition prototypical_gradients_exist : Prop :=
  forall (L : layered_model) (s : states L) (th : parameters L) (l : states L -> R) (t : nat),
  activation_settled (prototypical s th) (activate L) -> l = squared_error L \/ l = cross_entropy L ->
  exists (g_p : states L) (g_th : parameters L),
    is_preactivation_gradient (prototypical s th) (activate L) l t g_p /\
    is_gradient (parameters L) (dot_parameters L) (loss_of_copy s th l t) th g_th.

(** Theorem 1, prototypical, with the nudge inside the activation. *)
Definition layered_inside_nudge : Prop :=
  forall (L : layered_model) (s : states L) (th : parameters L) (t : nat) (g_p : states L) (g_th : parameters L),
  let N := prototypical s th in
  activation_settled N (activate L) ->
  is_preactivation_gradient N (activate L) (squared_error L) t g_p ->
  is_gradient (parameters L) (dot_parameters L) (loss_of_copy s th (squared_error L) t) th g_th ->
  iterated_limit (inside_Delta_state N (activate L) t) (opp g_p) /\
  iterated_limit (inside_Delta_param N (activate L) t) (opp (rates g_th)).

(** With the nudge outside: Theorem 1 for the cross-entropy. *)
Definition layered_outside_nudge : Prop :=
  forall (L : layered_model) (s : states L) (th : parameters L) (t : nat) (g_p : states L) (g_th : parameters L),
  let N := prototypical s th in
  activation_settled N (activate L) ->
  is_preactivation_gradient N (activate L) (cross_entropy L) t g_p ->
  is_gradient (parameters L) (dot_parameters L) (loss_of_copy s th (cross_entropy L) t) th g_th ->
  iterated_limit (outside_Delta_state N (activate L) t) (opp g_p) /\
  iterated_limit (outside_Delta_param N (activate L) t) (opp (rates g_th)).

(** The three, for 784-512-10. *)
Definition mnist_theorem1 : Prop :=
  forall (activations : nat -> activation) (samples : nat) (has_samples : (0 < samples)%nat)
    (input target : nat -> nat -> R) (rate : nat -> posreal),
  let L := mnist_model activations has_samples input target rate in
  forall (s : states L) (th : parameters L) (t : nat) (g : states L) (g_th : parameters L),
  (forall dt, settled (energy_based dt s th) ->
    is_nabla_s (energy_based dt s th) t g ->
    is_gradient (parameters L) (dot_parameters L) (loss_of_param (energy_based dt s th) t) th g_th ->
    iterated_limit (Delta_state (energy_based dt s th) t) (opp g) /\
    iterated_limit (Delta_param (energy_based dt s th) t) (opp (rates g_th))) /\
  (activation_settled (prototypical s th) (activate L) ->
    is_preactivation_gradient (prototypical s th) (activate L) (squared_error L) t g ->
    is_gradient (parameters L) (dot_parameters L) (loss_of_copy s th (squared_error L) t) th g_th ->
    iterated_limit (inside_Delta_state (prototypical s th) (activate L) t) (opp g) /\
    iterated_limit (inside_Delta_param (prototypical s th) (activate L) t) (opp (rates g_th))) /\
  (activation_settled (prototypical s th) (activate L) ->
    is_preactivation_gradient (prototypical s th) (activate L) (cross_entropy L) t g ->
    is_gradient (parameters L) (dot_parameters L) (loss_of_copy s th (cross_entropy L) t) th g_th ->
    iterated_limit (outside_Delta_state (prototypical s th) (activate L) t) (opp g) /\
    iterated_limit (outside_Delta_param (prototypical s th) (activate L) t) (opp (rates g_th))).

(** Rest points exist, for one sample and any weights: biases can make any state one. *)
Definition energy_based_rest_exists : Prop :=
  forall (L : layered_model) (th : parameters L), samples L = 1%nat ->
  forall (dt : R) (s : states L),
  exists th' : parameters L,
    (forall n i j, In (n, i) (units L) -> (j < size L (S n))%nat -> weight th' n i j = weight th n i j) /\
    settled (energy_based dt s th').

(** Prototypical: any state [activate a]. *)
Definition prototypical_rest_exists : Prop :=
  forall (L : layered_model) (th : parameters L), samples L = 1%nat ->
  forall a : states L,
  exists th' : parameters L,
    (forall n i j, In (n, i) (units L) -> (j < size L (S n))%nat -> weight th' n i j = weight th n i j) /\
    activation_settled (prototypical (activate L a) th') (activate L).
