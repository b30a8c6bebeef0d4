(** * The other words of the main theorems

    Definitions only, after [Network.v], one section for each group of statements in [Pinned.v]. *)

From Coq Require Import Reals List.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network.
Set Implicit Arguments.
Open Scope R_scope.

(** What the theorems about the paper's order of limits ask for. *)
Definition meets_every_hypothesis (N : network) : Prop :=
  has_primitive_function N /\ twice_differentiable N /\ loss_differentiable N /\
  continuous_nearby N /\ settled N.

(** ** 1. The unrolled computation *)

Section Unrolled.
Variables State Param : NM.
Variables (F : State * Param -> State) (s_star : State).

(** [k] steps from rest, the step from [k] to [k + 1] with the parameters [th k]. *)
Fixpoint unrolled (th : nat -> Param) (k : nat) : State :=
  match k with O => s_star | S k => F (unrolled th k, th k) end.

(** [T] steps from rest, all with the same parameters. *)
Fixpoint unrolled_shared (T : nat) (th : Param) : State := match T with O => s_star | S T => F (unrolled_shared T th, th) end.
End Unrolled.
Arguments unrolled {State Param}.
Arguments unrolled_shared {State Param}.

(** ** 2. The augmented primitive function *)

Section Augmented.
Variables State Param : NM.
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).

Definition affine_in_param (Phi : State * Param -> R) (phi : State -> Param) : Prop :=
  forall s th, Phi (s, th) = Phi (s, zero) + ipT (phi s) th.

(** [Phi + 1/2 <K (phi(s) - anchor), phi(s) - anchor>], and its gradient in [s] when [F] is
    that of [Phi]. *)
Definition augmented_Phi (Phi : State * Param -> R) (phi : State -> Param) (K : Param -> Param) (anchor : Param)
  (z : State * Param) : R :=
  Phi z + / 2 * ipT (K (minus (phi (fst z)) anchor)) (minus (phi (fst z)) anchor).
Definition augmented_F (F : State * Param -> State) (phi : State -> Param) (K : Param -> Param) (anchor : Param)
  (z : State * Param) : State :=
  F (fst z, plus (snd z) (K (minus (phi (fst z)) anchor))).
End Augmented.
Arguments affine_in_param {State Param}.
Arguments augmented_Phi {State Param}.
Arguments augmented_F {State Param}.

(** [Phi_theta] as a function of the state alone. *)
Definition phi (N : network) (s : State N) : Param N := Phi_theta N (s, zero).

Definition affine_in_theta (N : network) : Prop := affine_in_param (dot_param N) (Phi N) (@phi N).

(** [F] and [Phi_theta] are the partial gradients of [Phi], at every point. *)
Definition primitive_function_everywhere (N : network) : Prop := forall z : joint N,
  is_gradient (joint N) (@product_inner (State N) (Param N) (dot_state N) (dot_param N)) (Phi N) z (F N z, Phi_theta N z).

Definition phi_differentiable (N : network) : Prop := forall s, ex_filterdiff (@phi N) (locally s).

Definition meets_augmented_hypotheses (N : network) : Prop :=
  affine_in_theta N /\ primitive_function_everywhere N /\ phi_differentiable N /\
  bounded_inner_product (Param N) (dot_param N).

(** The network with the augmented primitive function
    [Phi + 1/2 <K (phi(s) - phi(s_star)), phi(s) - phi(s_star)>]. *)
Definition augmented (N : network) (K : Param N -> Param N) : network :=
  @Network (State N) (Param N) (dot_state N) (dot_param N) (dot_state_inner N) (dot_param_inner N)
    (augmented_Phi (dot_param N) (Phi N) (@phi N) K (phi N (s_star N)))
    (augmented_F (F N) (@phi N) K (phi N (s_star N)))
    (Phi_theta N) (ell N) (grad_ell N) (s_star N) (theta N).

(** C-EP with learning rates [eta * rates], for instance one rate per layer. *)
Definition cep_with_rates (N : network) (rates : Param N -> Param N) (beta eta : R) (t : nat) : State N * Param N :=
  nudged_phase (F N) (grad_ell N) (fun p => rates (ep_rule (Phi_theta N) p)) (s_star N) (theta N) beta eta t.

(** EP: the second phase at fixed parameters, its one update after [K] steps, and the
    normalised updates of the step from [t] to [t + 1]. *)
Definition ep (N : network) (beta : R) (t : nat) : State N := ep_phase (F N) (grad_ell N) (s_star N) (theta N) beta t.
Definition ep_update (N : network) (rates : Param N -> Param N) (beta eta : R) (K : nat) : Param N :=
  plus (theta N) (scal (eta / beta : R_AbsRing)
    (rates (minus (Phi_theta N (ep N beta K, theta N)) (Phi_theta N (s_star N, theta N))))).
Definition ep_Delta_state (N : network) (t : nat) (beta : R) : State N :=
  scal (/ beta : R_AbsRing) (minus (ep N beta (1 + t)) (ep N beta t)).
Definition ep_Delta_param (N : network) (t : nat) (beta : R) : Param N :=
  scal (/ beta : R_AbsRing) (minus (Phi_theta N (ep N beta (1 + t), theta N)) (Phi_theta N (ep N beta t, theta N))).

(** ** A mini-batch

    The samples [b < B] have states of their own and share [theta].  For the sample [b]:
    [Phi b] is the primitive function at its input, [F b] the transition function, [phi b] the
    derivative of [Phi b] in [theta], [grad_ell b] the loss gradient at its target. *)

Section Batch.
Variables State Param : NM.
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Variable B : nat.
Variables (Phi : nat -> State * Param -> R) (F : nat -> State * Param -> State) (phi : nat -> State -> Param).
Variables (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param).

Definition batch_mean (s' s : nat -> State) : Param :=
  scal (/ INR B : R_AbsRing) (partial_sum (fun b => minus (phi b (s' b)) (phi b (s b))) B).

(** One step of C-EP: every sample is nudged by its own loss; [theta] moves by the mean. *)
Fixpoint batch_cep (beta eta : R) (t : nat) : (nat -> State) * Param :=
  match t with
  | O => (s_star, theta)
  | S t => let s := fst (batch_cep beta eta t) in let th := snd (batch_cep beta eta t) in
      let s' b := minus (F b (s b, th)) (scal (beta : R_AbsRing) (grad_ell b (s b))) in
      (s', plus th (scal (eta / beta : R_AbsRing) (batch_mean s' s)))
  end.

(** [sum_b Phi_b + (B kappa / 2) |mean_b (phi_b(s_b) - phi_b(s_star_b))|^2]: for the mean of
    the [Phi_b] this is [kappa / 2] times the square. *)
Definition batch_augmented_Phi (kappa : R) (s : nat -> State) (th : Param) : R :=
  partial_sum (V := R_NormedModule) (fun b => Phi b (s b, th)) B
  + INR B * kappa / 2 * ipT (batch_mean s s_star) (batch_mean s s_star).
Definition batch_augmented_F (kappa : R) (b : nat) (s : nat -> State) (th : Param) : State :=
  F b (s b, plus th (scal (kappa : R_AbsRing) (batch_mean s s_star))).

(** EP in it: [theta] fixed. *)
Fixpoint batch_ep (kappa beta : R) (t : nat) : nat -> State :=
  match t with
  | O => s_star
  | S t => fun b => minus (batch_augmented_F kappa b (batch_ep kappa beta t) theta)
                          (scal (beta : R_AbsRing) (grad_ell b (batch_ep kappa beta t b)))
  end.
End Batch.
Arguments batch_mean {State Param}.
Arguments batch_cep {State Param}.
Arguments batch_augmented_Phi {State Param}.
Arguments batch_augmented_F {State Param}.
Arguments batch_ep {State Param}.

Definition replace_sample {State : NM} (b : nat) (x : State) (s : nat -> State) (i : nat) : State := if Nat.eqb i b then x else s i.

(** ** 3. The joint limit and the order of limits *)

(** [J + kappa B C] with [J = dF_ds], [B = dF_dtheta], [C = dPhi_theta_ds]. *)
Definition modified_jacobian (State Param : NM) (J : State -> State) (B : Param -> State) (C : State -> Param)
  (kappa : R) (x : State) : State := plus (J x) (scal (kappa : R_AbsRing) (B (C x))).
Arguments modified_jacobian {State Param}.

(** The derivative of [dPhi/dtheta] in [s] is strict: the linear approximation holds for every
    pair of states near [s_star], uniformly in the parameters near [theta]. *)
Definition strictly_differentiable_in_s (State Param : NM) (Phi_theta : State * Param -> Param) (C : State -> Param)
  (s_star : State) (theta : Param) : Prop :=
  forall eps : posreal, exists d : posreal, forall (s s' : State) (th : Param),
  norm (minus s s_star) < d -> norm (minus s' s_star) < d -> norm (minus th theta) < d ->
  norm (minus (minus (Phi_theta (s', th)) (Phi_theta (s, th))) (C (minus s' s))) <= eps * norm (minus s' s).

(** Whenever [beta] and [eta] vanish together, along any filter, with a ratio in [range], and
    [good] holds, the ratio vanishes. *)
Definition forces_order_of_limits (range : R -> Prop)
  (good : forall T : Type, ((T -> Prop) -> Prop) -> (T -> R) -> (T -> R) -> Prop) : Prop :=
  forall (T : Type) (FF : (T -> Prop) -> Prop) (HF : Filter FF) (beta eta : T -> R),
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) ->
  filterlim eta FF (locally (0:R)) -> FF (fun x => eta x <> 0) ->
  FF (fun x => range (eta x / beta x)) ->
  good T FF beta eta -> filterlim (fun x => eta x / beta x) FF (locally (0:R)).

(** ** 4. The constants of the error bound

    By recursion on [t] from eight numbers; their meaning is explained in [ErrorBound.v]. *)

Record problem_data : Type := Data {
  norm_J : R;               (* of the Jacobian dF/ds *)
  norm_B : R;               (* of dF/dtheta *)
  norm_C : R;               (* of d(dPhi/dtheta)/ds, the transpose of dF/dtheta *)
  remainder_F : R;          (* |F - its linear part at rest| <= remainder_F (|s - s_star| + |theta' - theta|)^2 *)
  remainder_Phi_theta : R;  (* the same for dPhi/dtheta *)
  norm_grad : R;            (* of the loss gradient at rest *)
  lipschitz_grad : R;       (* of the loss gradient *)
  radius : R }.             (* the ball round (s_star, theta) in which the last four hold *)

Definition nonnegative (d : problem_data) : Prop :=
  0 <= norm_J d /\ 0 <= norm_B d /\ 0 <= norm_C d /\ 0 <= remainder_F d /\ 0 <= remainder_Phi_theta d /\
  0 <= norm_grad d /\ 0 <= lipschitz_grad d /\ 0 < radius d.

(** [d] bounds the derivatives of the problem at rest and their remainders in a ball. *)
Definition bounds_problem (State Param : NM) (F : State * Param -> State) (Phi_theta : State * Param -> Param)
  (grad_ell : State -> State) (s_star : State) (theta : Param)
  (DF : State * Param -> State) (DPhi_theta : State * Param -> Param) (d : problem_data) : Prop :=
  (forall x, norm (dF_ds DF x) <= norm_J d * norm x) /\
  (forall v, norm (dF_dtheta DF v) <= norm_B d * norm v) /\
  (forall x, norm (dPhi_theta_ds DPhi_theta x) <= norm_C d * norm x) /\
  (forall s th, norm (minus s s_star) <= radius d -> norm (minus th theta) <= radius d ->
     norm (minus (minus (F (s, th)) (F (s_star, theta))) (DF (minus s s_star, minus th theta)))
       <= remainder_F d * (norm (minus s s_star) + norm (minus th theta)) ^ 2) /\
  (forall s th, norm (minus s s_star) <= radius d -> norm (minus th theta) <= radius d ->
     norm (minus (minus (Phi_theta (s, th)) (Phi_theta (s_star, theta))) (DPhi_theta (minus s s_star, minus th theta)))
       <= remainder_Phi_theta d * (norm (minus s s_star) + norm (minus th theta)) ^ 2) /\
  norm (grad_ell s_star) <= norm_grad d /\
  (forall s, norm (minus s s_star) <= radius d ->
     norm (minus (grad_ell s) (grad_ell s_star)) <= lipschitz_grad d * norm (minus s s_star)).

Section Constants.
Variable d : problem_data.

(** a bound on |u_t| *)
Fixpoint linear_size (t : nat) : R :=
  match t with O => 0 | S t => norm_J d * linear_size t + norm_grad d end.

(** one step of E and of Y, given the size X of the state before and X' after *)
Definition next_state_error (t : nat) (E Y : R) : R :=
  let X := linear_size t + E in
  remainder_F d * (X + Y) ^ 2 + norm_J d * E + norm_B d * Y + lipschitz_grad d * X.
Definition next_param_size (t : nat) (E E' Y : R) : R :=
  let X := linear_size t + E in let X' := linear_size (1 + t) + E' in
  Y + (norm_C d * (X + X') + 2 * remainder_Phi_theta d * (X + X' + Y) ^ 2).

Fixpoint constants (t : nat) : R * R :=
  match t with
  | O => (0, 0)
  | S t => let E := fst (constants t) in let Y := snd (constants t) in
           let E' := next_state_error t E Y in (E', next_param_size t E E' Y)
  end.
Definition state_error (t : nat) : R := fst (constants t).
Definition param_size (t : nat) : R := snd (constants t).
Definition state_size (t : nat) : R := linear_size t + state_error t.

Definition state_constant (t : nat) : R := state_error t + state_error (1 + t).
Definition param_constant (t : nat) : R :=
  norm_C d * state_constant t + 2 * remainder_Phi_theta d * (state_size t + state_size (1 + t) + param_size t) ^ 2.
Definition validity_radius (t : nat) : R := Rmin 1 (radius d / (1 + state_size (1 + t) + param_size t)).
End Constants.

(** ** 5. Discrete-time networks with an activation *)

Section Activation.
Variables (N : network) (sigma : State N -> State N).

(** The pre-activation at rest, and the transition of the free phase. *)
Definition a_star : State N := F N (s_star N, theta N).
Definition transition (z : State N * Param N) : State N := sigma (F N z).

(** The second phase with the nudge inside the activation. *)
Definition inside_step (beta eta : R) (z : State N * Param N) : State N * Param N :=
  let s' := sigma (minus (F N z) (scal (beta : R_AbsRing) (grad_ell N (fst z)))) in
  (s', plus (snd z) (scal (eta / beta : R_AbsRing) (ep_rule (Phi_theta N) (z, s')))).
Fixpoint inside_phase (beta eta : R) (t : nat) : State N * Param N :=
  match t with O => (s_star N, theta N) | S t => inside_step beta eta (inside_phase beta eta t) end.
Definition inside_Delta_state (t : nat) (beta eta : R) : State N :=
  scal (/ beta : R_AbsRing) (minus (fst (inside_phase beta eta (1 + t))) (fst (inside_phase beta eta t))).
Definition inside_Delta_param (t : nat) (beta eta : R) : Param N :=
  scal (/ eta : R_AbsRing) (minus (snd (inside_phase beta eta (1 + t))) (snd (inside_phase beta eta t))).

(** ... and outside it. *)
Definition outside_Delta_state (t : nat) (beta eta : R) : State N :=
  Delta_s transition (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta t.
Definition outside_Delta_param (t : nat) (beta eta : R) : Param N :=
  Delta_theta transition (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta t.

(** BPTT for a loss [l]: the derivatives of the loss at time [T] in the pre-activation of
    the state at [T - t], and in the copy of the parameters used in the transition to it. *)
Definition is_preactivation_gradient (l : State N -> R) (t : nat) (g : State N) : Prop :=
  is_gradient (State N) (dot_state N) (fun p => l (free_phase transition (theta N) t (sigma p))) a_star g.
Definition is_parameter_gradient (l : State N -> R) (t : nat) (g : Param N) : Prop :=
  is_gradient (Param N) (dot_param N) (fun th => l (free_phase transition (theta N) t (transition (s_star N, th)))) (theta N) g.

(** The free phase has settled: [s_star = sigma(a_star)]. *)
Definition activation_settled : Prop := transition (s_star N, theta N) = s_star N.
(** [sigma] has the self-adjoint derivative [D] at [a_star]; for an activation applied unit by
    unit, [D] is diagonal. *)
Definition activation_differentiable (D : State N -> State N) : Prop :=
  filterdiff sigma (locally a_star) D /\ forall x y, dot_state N (D x) y = dot_state N x (D y).
Definition activation_continuous_nearby : Prop := locally a_star (fun p => continuous sigma p).
End Activation.

(** The paper's sigmoid, and the losses whose derivatives at [sigma(v)] are
    [(sigma(v) - y) / sigma'(v)], for one output with the target [y]. *)
Definition sigmoid (v : R) : R := / (1 + exp (-4 * (v - 1 / 2))).
Definition sigmoid_loss (y s : R) : R := - / 4 * (y * ln s + (1 - y) * ln (1 - s)).
Definition tanh_loss (y s : R) : R := - / 2 * ((1 + y) * ln (1 + s) + (1 - y) * ln (1 - s)).

(** ** 6. C-VF *)

(** The bias of the state update at step [t]. *)
Definition vf_bias {V : NM} (J Jt : V -> V) (t : nat) (g : V) : V := minus (iterate J t g) (iterate Jt t g).

(** ** 7. A free phase that has only approximately settled *)

(** The second phase from any state [s], at rest or not. *)
Definition cep_from (N : network) (s : State N) (beta eta : R) (t : nat) : State N * Param N :=
  nudged_phase (F N) (grad_ell N) (ep_rule (Phi_theta N)) s (theta N) beta eta t.
Definition Delta_state_from (N : network) (s : State N) (t : nat) (beta eta : R) : State N :=
  Delta_s (F N) (grad_ell N) (ep_rule (Phi_theta N)) s (theta N) beta eta t.
Definition Delta_param_from (N : network) (s : State N) (t : nat) (beta eta : R) : Param N :=
  Delta_theta (F N) (grad_ell N) (ep_rule (Phi_theta N)) s (theta N) beta eta t.

(** What one more free step would still change. *)
Definition residual (N : network) (s : State N) : State N := minus (F N (s, theta N)) s.

(** In [region]: [|J x| <= j |x|]; [F] differs from [J] by at most [lambda |s' - s|] and moves by
    at most [mu |theta' - theta|]; [L] and [nu] are Lipschitz constants of the loss gradient and
    of [Phi_theta] in the state. *)
Definition nearly_linear (N : network) (J : State N -> State N) (j lambda mu L nu : R) (region : State N * Param N -> Prop) : Prop :=
  is_linear J /\ (0 <= j /\ 0 <= lambda /\ 0 <= mu /\ 0 <= L /\ 0 <= nu) /\ (forall x, norm (J x) <= j * norm x) /\
  (forall z z', region z -> region z' -> norm (minus (minus (F N z') (F N z)) (J (minus (fst z') (fst z)))) <=
     lambda * norm (minus (fst z') (fst z)) + mu * norm (minus (snd z') (snd z))) /\
  (forall z z', region z -> region z' ->
     norm (minus (grad_ell N (fst z')) (grad_ell N (fst z))) <= L * norm (minus (fst z') (fst z))) /\
  (forall z z', region z -> region z' ->
     norm (minus (Phi_theta N (fst z', snd z)) (Phi_theta N z)) <= nu * norm (minus (fst z') (fst z))).

(** ... where each step's change of state is [J] applied to the one before, up to this times its norm. *)
Definition drift_factor (lambda mu L nu beta eta : R) : R := lambda + mu * nu * Rabs (eta / beta) + L * Rabs beta.

Definition strict_derivatives (N : network) DF DPhi_theta : Prop :=
  strictly_differentiable (joint N) (State N) (F N) (s_star N, theta N) DF /\
  strictly_differentiable (joint N) (Param N) (Phi_theta N) (s_star N, theta N) DPhi_theta.

(** ** 8. The steady state *)

Definition converges (V : NM) (u : nat -> V) (l : V) : Prop :=
  forall eps : posreal, exists n, forall p, (n <= p)%nat -> norm (minus (u p) l) < eps.
(** Every Cauchy sequence converges. *)
Definition complete (V : NM) : Prop := forall u : nat -> V,
  (forall eps : posreal, exists n, forall p q, (n <= p)%nat -> (n <= q)%nat -> norm (minus (u p) (u q)) < eps) ->
  exists l, converges V u l.
Definition closed_region (V : NM) (region : V -> Prop) : Prop :=
  forall (u : nat -> V) (l : V), (forall i, region (u i)) -> converges V u l -> region l.
