(** * Negative controls: altered statements that Coq must refuse

    Each module states a theorem and an alteration of it, and runs one proof script on both.
    [accepted] shows that the script proves the unaltered statement, and [Fail] makes Coq
    itself fail when the script proves the altered one; so a refusal is due to the
    alteration.  [refuted] goes further: the altered statement is not only unproved but false.
    Nothing imports this file. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network AugmentedGradient AugmentedPrimitive Preactivation Prototypical.
From CEP Require Import Drift ApproximatelySettled ErrorBound Statements Examples OrderOfLimitsExamples Counterexamples.
From CEP Require Import MiniBatch VectorFieldNetwork FurtherVocabulary FurtherStatements CorrectedExample FurtherExamples.
From CEP Require Import Layered LayeredGradient.
From CEP Require Import Vocabulary Contraction SteadyState BoundStatements ExpansionExample.
Set Implicit Arguments.
Open Scope R_scope.

(** [eassumption], which says what it looked for in vain. *)
Ltac from_hypotheses :=
  first [eassumption | lazymatch goal with |- ?G => fail 1 "no hypothesis gives" G end].

(** Forms of the theorems that some of the controls alter. *)

Lemma state_updates_descend N t g_s :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> iterated_limit (Delta_state N t) (opp g_s).
Proof.
intros A1 A2 A3 A4 A5 Hs. destruct (bptt_gradients_exist t A1 A2 A3 A5) as [_ [g_th [_ Hth]]].
exact (proj1 (theorem1 A1 A2 A3 A4 A5 Hs Hth)).
Qed.

Lemma state_updates_converge N t :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
  exists v, iterated_limit (Delta_state N t) v.
Proof.
intros A1 A2 A3 A4 A5. destruct (bptt_gradients_exist t A1 A2 A3 A5) as [g_s [_ [Hs _]]].
exists (opp g_s). now apply state_updates_descend.
Qed.

Lemma contraction_has_rest (State Param : NM) (F : State * Param -> State) (theta : Param) (c : R) :
  complete State -> 0 <= c < 1 ->
  (forall s s', norm (minus (F (s', theta)) (F (s, theta))) <= c * norm (minus s' s)) -> exists s, F (s, theta) = s.
Proof.
intros HV Hc HF.
destruct (@SteadyState.steady_state State Param F theta (fun _ => True) c zero HV Hc) as [s [_ [E _]]]; auto.
- intros u l _ _. exact I.
- exists s. exact E.
Qed.

Lemma curved_error_at_1 (beta eta : R) : beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= / 26 ->
  Rabs (Delta_state curved 1 beta eta + / 2) <= 6 * (Rabs beta + Rabs (eta / beta)).
Proof.
intros Hb He Hr. destruct (curved_error_bound Hb He Hr 1%nat) as [_ [B _]].
replace (6 * (INR 1 * (3 / 4) ^ (1 - 1)%nat) * (Rabs beta + Rabs (eta / beta))) with (6 * (Rabs beta + Rabs (eta / beta))) in B by (simpl; ring).
now replace ((/ 2) ^ 1) with (/ 2) in B by ring.
Qed.

Lemma inside_updates_of_param_descend N sigma D t g_th :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  activation_settled N sigma -> activation_differentiable N sigma D ->
  continuous_nearby N -> activation_continuous_nearby N sigma ->
  is_parameter_gradient N sigma (ell N) t g_th -> iterated_limit (inside_Delta_param N sigma t) (opp g_th).
Proof.
intros A1 A2 A3 A4 A5 A6 A7 Hth.
destruct (inside_gradients_exist A1 A2 A3 A4 A5 t) as [g_p [_ [Hp _]]].
exact (proj2 (inside_nudge_exact A1 A2 A3 A4 A5 A6 A7 Hp Hth)).
Qed.

Lemma leaky_error_bound_state (beta eta : R) : beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= 1 ->
  Rabs (Delta_state leaky 1 beta eta + / 2) <= 2 * (Rabs beta + Rabs (eta / beta)).
Proof. intros Hb He Hr. exact (proj1 (leaky_error_bound Hb He Hr)). Qed.

Lemma first_update_descends N (beta eta : R -> R) (s : R -> State N) (g_s : State N) :
  loss_differentiable N -> locally' (0:R) (fun x => beta x <> 0) ->
  filterlim s (locally' (0:R)) (locally (s_star N)) -> is_nabla_s N 0 g_s ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) (locally' (0:R)) (locally (zero : State N)) ->
  filterlim (fun x => Delta_state_from N (s x) 0 (beta x) (eta x)) (locally' (0:R)) (locally (opp g_s)).
Proof. intros Hl Hb Hs Hg Hr. exact (proj2 (@residual_must_be_o_beta N R (locally' (0:R)) _ beta eta s g_s Hl Hb Hs Hg) Hr). Qed.

Lemma joint_limit_at_vanishing_ratio N t g_s g_th (beta eta : R -> R) :
  meets_every_hypothesis N -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim beta (locally' (0:R)) (locally (0:R)) ->
  locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (0:R)) ->
  filterlim (fun x => Delta_state N t (beta x) (eta x)) (locally' (0:R)) (locally (opp g_s)).
Proof.
intros [A1 [[DF [DPhi D]] [A3 [_ A5]]]] Hs _ Hb Hb0 He0 Hr.
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ A1 _ _ (proj1 D) (proj2 D) (proj1 A3) A5 t) as [G1 _].
rewrite (gradient_unique (dot_state_inner N) Hs G1).
destruct (@joint_limit N DF DPhi R (locally' (0:R)) _ beta eta 0 t D (proj2 A3) A5 Hb Hb0 He0 Hr) as [L _].
rewrite (iterate_ext _ (dF_ds DF)) in L. exact L. intros y. module (State N).
Qed.

Lemma right_updates_force_the_order N DF DPhi_theta nabla_theta t :
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  (forall i, is_nabla_theta N i (nabla_theta i)) -> (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
  forces_order_of_limits (fun _ => True) (fun T along beta eta => forall j, (j <= t)%nat ->
    filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j)))).
Proof.
intros A1 D A3 A5 Hth Hn T FF HF beta eta Hb Hb0 He He0 _ G. destruct D as [HD1 HD2].
assert (Hs : forall i, is_nabla_s N i (iterate (dF_ds DF) i (grad_ell N (s_star N)))).
{ intros i. exact (proj1 (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ A1 _ _ HD1 HD2 (proj1 A3) A5 i)). }
exact (proj1 (@order_of_limits_param N _ _ DF DPhi_theta A1 (conj HD1 HD2) A3 A5 Hs Hth T FF HF beta eta t Hb Hb0 He He0 Hn) G).
Qed.

Lemma plain_updates_have_a_bias N t g_s :
  vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
  iterated_limit (plain_Delta_state N t)
    (opp (plus g_s (vf_bias (vf_J N) (vf_Jt N) t (vf_grad_ell N (vf_s_star N))))).
Proof.
intros [HD [HT [HL [HC HS]]]] Hs.
exact (proj1 (@vector_field_bias N t g_s _ HD HT HL HC HS Hs (proj2 (@vector_field_gradients N t HD HT HL HS)))).
Qed.

Lemma corrected_updates_descend N t g_s :
  vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
  iterated_limit (Delta_state_less N (asymmetry N) t) (opp g_s).
Proof.
intros [HD [HT [HL [HC HS]]]] Hs.
exact (proj1 (@theorem1_without_symmetry N t g_s _ HD HT HL HC HS Hs (proj2 (@vector_field_gradients N t HD HT HL HS)))).
Qed.

(** The limit of plain C-VF on [loop] at [t = 1], where [nabla_s(1) = (1/2, 0)]. *)
Lemma loop_plain_limit (v : R2) :
  iterated_limit (plain_Delta_state loop 1) v ->
  fst v = - 1.
Proof.
intros L. assert (X := plain_updates_have_a_bias (proj1 loop_meets_every_hypothesis) (proj1 loop_plain_and_corrected)).
rewrite (iterated_limit_unique L X).
change (- (/ 2 + (1 * 1 + 1 * 0 + - (0 * 0 + / 2 * 1))) = - 1). field.
Qed.

Lemma corrected_at_fixed_ratio N (kappa : R) t : kappa <> 0 -> vf_meets_every_hypothesis N ->
  filterlim (fun beta => corrected_Delta_state N t beta (kappa * beta)) (locally' (0:R)) (locally (opp
    (iterate (fun y => plus (vf_Jt N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y)))) t (vf_grad_ell N (vf_s_star N))))).
Proof.
intros Hk [A1 [A2 [A3 [A4 A5]]]]. destruct (straight_ratio Hk) as [K1 K2].
exact (proj1 (@joint_limit_without_symmetry N R (locally' (0:R)) _ (fun b => b) (fun b => kappa * b) kappa t A1 A2 (proj2 A3) A5 id_to0' ne0' K1 K2)).
Qed.
Lemma plain_at_fixed_ratio N (kappa : R) t : kappa <> 0 -> vf_meets_every_hypothesis N ->
  filterlim (fun beta => plain_Delta_state N t beta (kappa * beta)) (locally' (0:R)) (locally (opp
    (iterate (fun y => plus (vf_J N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y)))) t (vf_grad_ell N (vf_s_star N))))).
Proof.
intros Hk [A1 [A2 [A3 [A4 A5]]]]. destruct (straight_ratio Hk) as [K1 K2].
exact (proj1 (@vector_field_joint_limit N R (locally' (0:R)) _ (fun b => b) (fun b => kappa * b) kappa t A1 A2 (proj2 A3) A5 id_to0' ne0' K1 K2)).
Qed.

(** The hypotheses of [order_of_limits_per_layer], along [beta -> 0]. *)
Definition per_layer_problem N DF DPhi_theta (nabla_s : nat -> State N) (nabla_theta : nat -> Param N) n P (eta : nat -> R -> R) : Prop :=
  (has_primitive_function N /\ derivatives N DF DPhi_theta /\ loss_differentiable N /\ settled N) /\
  (forall i, is_nabla_s N i (nabla_s i)) /\ (forall i, is_nabla_theta N i (nabla_theta i)) /\ layers N n P /\
  (forall l, (l < n)%nat -> locally' (0:R) (fun x => eta l x <> 0)) /\
  (forall l, (l < n)%nat -> exists C, locally' (0:R) (fun x => Rabs (eta l x / x) <= C)) /\
  (forall l m, (l < n)%nat -> (m < n)%nat -> locally' (0:R) (fun x => 0 <= eta l x * eta m x)).
Lemma per_layer_ratios_vanish N DF DPhi_theta (nabla_s : nat -> State N) (nabla_theta : nat -> Param N) n P (eta : nat -> R -> R) t :
  per_layer_problem N DF DPhi_theta nabla_s nabla_theta n P eta ->
  (forall j, (j <= t)%nat -> filterlim (fun beta => per_layer_Delta_state N n P j beta (fun l => eta l beta)) (locally' (0:R)) (locally (opp (nabla_s j)))) ->
  forall l, (l < n)%nat -> (exists i, (i < t)%nat /\ P l (nabla_theta i) <> zero) ->
  filterlim (fun beta => eta l beta / beta) (locally' (0:R)) (locally (0:R)).
Proof.
intros [[A1 [A2 [A3 A5]]] [Gs [Gth [Pl [N0 [Bd Sg]]]]]].
exact (proj1 (proj1 (@order_of_limits_per_layer N nabla_s nabla_theta DF DPhi_theta n P R (locally' (0:R)) _ (fun b => b) eta t
  A1 A2 A3 A5 Gs Gth Pl id_to0' ne0' N0 Bd Sg))).
Qed.

Lemma centred_state_error N DF DPhi_theta QF QPhi hessian t g_s (beta eta : R -> R) :
  meets_every_hypothesis N -> second_order_at_rest N DF DPhi_theta QF QPhi hessian -> is_nabla_s N t g_s ->
  filterlim beta (locally' (0:R)) (locally (0:R)) -> locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (0:R)) ->
  exists C, 0 <= C /\ locally' (0:R) (fun x =>
    norm (plus (scal (/ 2 : R_AbsRing) (plus (Delta_state N t (beta x) (eta x)) (Delta_state N t (- beta x) (eta x)))) g_s)
      <= C * (beta x * beta x + eta x / beta x * (eta x / beta x))).
Proof.
intros [A1 [A2 [A3 [_ A5]]]] S G Hb Hb0 He0 Hr. destruct (bptt_gradients_exist t A1 A2 A3 A5) as [_ [g_th [_ Hth]]].
exact (proj1 (@centred_order_two N DF DPhi_theta QF QPhi hessian t g_s g_th A1 S A3 A5 G Hth R (locally' (0:R)) _ beta eta Hb Hb0 He0 Hr)).
Qed.

Lemma two_layers_problem : per_layer_problem two_layers two_layers_DF (fun h => matrix 1 0 0 1 (fst h))
  (fun t => iterate (matrix 0 (/ 2) (/ 2) 0) t (1, 0)) (fun t => matrix 1 0 0 1 (iterate (matrix 0 (/ 2) (/ 2) 0) t (1, 0))) 2 bias_of rate_of.
Proof.
destruct two_layers_data as [A1 [A2 [A3 [A5 G]]]]. destruct two_layers_rates as [N0 [Bd Sg]].
split. exact (conj A1 (conj A2 (conj A3 A5))).
exact (conj (fun i => proj1 (G i)) (conj (fun i => proj2 (G i)) (conj two_layers_projections (conj N0 (conj Bd Sg))))).
Qed.

(** The energy-based network with another transition function. *)
Definition energy_based_with {L : layered_model} (dt : R) (s : states L) (th : parameters L)
  (G : states L * parameters L -> states L) : network :=
  let N := energy_based dt s th in
  @Network (states L) (parameters L) (dot_states L) (dot_rates L) (dot_state_inner N) (dot_param_inner N)
    (Phi N) G (Phi_theta N) (squared_error L) (error_gradient L) s th.
Definition energy_based_drive (L : layered_model) (b j : nat) : R := rho (activations L (pred (depth L))) (input L b j).

(** A gradient is unique, so [G] can only be the transition function. *)
Lemma energy_based_transition {L : layered_model} dt (s : states L) th G :
  has_primitive_function (energy_based_with dt s th G) -> G (s, th) = layered_F (activations L) (energy_based_drive L) dt (s, th).
Proof.
intros H. assert (X := locally_singleton _ _ H).
assert (Y := @layered_Phi_gradient L (activations L) (energy_based_drive L) dt (s, th)).
assert (HIP := is_inner_product_prod (dot_state_inner (energy_based dt s th)) (dot_param_inner (energy_based dt s th))).
exact (f_equal fst (gradient_unique HIP X Y)).
Qed.
Definition small_model (sizes : list nat) (a : activation) (H : (2 <= length sizes)%nat) (H' : (0 < nth 0 sizes 0)%nat) : layered_model :=
  @LayeredModel sizes (fun _ => a) 1 (fun _ _ => 0) (fun _ _ => 0) (fun _ => mkposreal 1 Rlt_0_1) H H' Nat.lt_0_1.

Module FlippedSign.
(** The updates climb: the limits are [+ nabla] in the place of [- nabla]. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) g_s /\ iterated_limit (Delta_param N t) g_th.
Ltac proof_script := red; intros; eapply theorem1; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct leaky_meets_every_hypothesis as [A1 [A2 [A3 [A4 A5]]]].
destruct (leaky_bptt 0) as [G1 G2]. destruct (H leaky 0%nat _ _ A1 A2 A3 A4 A5 G1 G2) as [L _].
assert (E := proj1 (proj1 (sign_is_needed leaky_meets_every_hypothesis G1 G2)) L).
change ((/ 2) ^ 0 = 0) in E. simpl in E. lra.
Qed.
End FlippedSign.

Module StateOneStepLate.
(** The time is off by one for the states: [Delta_s(t)] tends to [- nabla_s(t + 1)]. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N (S t) g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) (opp g_s).
Ltac proof_script := red; intros; refine (proj1 (theorem1 _ _ _ _ _ _ _)); from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct leaky_meets_every_hypothesis as [A1 [A2 [A3 [A4 A5]]]].
assert (L := H leaky 0%nat _ _ A1 A2 A3 A4 A5 (proj1 (leaky_bptt 1)) (proj2 (leaky_bptt 0))).
assert (E := iterated_limit_unique L (proj1 (leaky_theorem1 0%nat))).
change (- (/ 2) ^ 1 = - (/ 2) ^ 0) in E. simpl in E. lra.
Qed.
End StateOneStepLate.

Module ParamOneStepLate.
(** The time is off by one for the parameters: [Delta_theta(t)] tends to [- nabla_theta(t + 1)]. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_param N t) (opp g_th).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N (S t) g_th ->
    iterated_limit (Delta_param N t) (opp g_th).
Ltac proof_script := red; intros; refine (proj2 (theorem1 _ _ _ _ _ _ _)); from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct leaky_meets_every_hypothesis as [A1 [A2 [A3 [A4 A5]]]].
assert (L := H leaky 0%nat _ _ A1 A2 A3 A4 A5 (proj1 (leaky_bptt 0)) (proj2 (leaky_bptt 1))).
assert (E := iterated_limit_unique L (proj2 (leaky_theorem1 0%nat))).
change (- (/ 2) ^ 1 = - (/ 2) ^ 0) in E. simpl in E. lra.
Qed.
End ParamOneStepLate.

Module KappaLeftOut.
(** The joint limit at a fixed ratio [kappa] is given by [J] alone: [kappa] left out. *)
Definition unaltered : Prop :=
  forall N DF DPhi_theta (beta eta : R -> R) (kappa : R) (t : nat),
    derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
    filterlim beta (locally' (0:R)) (locally (0:R)) ->
    locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (kappa:R)) ->
    filterlim (fun x => Delta_state N t (beta x) (eta x)) (locally' (0:R)) (locally
      (opp (iterate (fun y => plus (dF_ds DF y) (scal (kappa : R_AbsRing) (dF_dtheta DF (dPhi_theta_ds DPhi_theta y)))) t (grad_ell N (s_star N))))).
Definition altered : Prop :=
  forall N DF DPhi_theta (beta eta : R -> R) (kappa : R) (t : nat),
    derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
    filterlim beta (locally' (0:R)) (locally (0:R)) ->
    locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (kappa:R)) ->
    filterlim (fun x => Delta_state N t (beta x) (eta x)) (locally' (0:R)) (locally
      (opp (iterate (fun y => dF_ds DF y) t (grad_ell N (s_star N))))).
Ltac proof_script := red; intros N DF DPhi_theta beta eta kappa t D C A5 Hb Hb0 He0 Hr;
  exact (proj1 (@joint_limit N DF DPhi_theta R (locally' (0:R)) _ beta eta kappa t D C A5 Hb Hb0 He0 Hr)).
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (He : locally' (0:R) (fun b : R => 1 * b <> 0)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. rewrite Rmult_1_l. exact Hb. }
assert (Hr : filterlim (fun b : R => 1 * b / b) (locally' (0:R)) (locally (1:R))).
{ eapply filterlim_ext_loc; [|apply filterlim_const].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. simpl. field; auto. }
assert (L := H leaky _ _ (fun b => b) (fun b => 1 * b) 1 1%nat (leaky_derivatives 1 (1 / 2)) (proj2 (leaky_loss 1 (1 / 2)))
  leaky_settled id_to0' ne0' He Hr).
assert (E := @punctured_limit_unique R1 _ _ _ L (proj1 (leaky_at_fixed_ratio 1%nat R1_neq_R0))).
change (- (/ 2 * (1 - 0) + 1 * 0) = - (/ 2 + 1) ^ 1) in E. simpl in E. lra.
Qed.
End KappaLeftOut.

Module KappaSign.
(** The modified Jacobian is [J - kappa F_theta Phi_theta_s]: the sign of [kappa] flipped. *)
Definition unaltered : Prop :=
  forall N DF DPhi_theta (beta eta : R -> R) (kappa : R) (t : nat),
    derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
    filterlim beta (locally' (0:R)) (locally (0:R)) ->
    locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (kappa:R)) ->
    filterlim (fun x => Delta_state N t (beta x) (eta x)) (locally' (0:R)) (locally
      (opp (iterate (fun y => plus (dF_ds DF y) (scal (kappa : R_AbsRing) (dF_dtheta DF (dPhi_theta_ds DPhi_theta y)))) t (grad_ell N (s_star N))))).
Definition altered : Prop :=
  forall N DF DPhi_theta (beta eta : R -> R) (kappa : R) (t : nat),
    derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
    filterlim beta (locally' (0:R)) (locally (0:R)) ->
    locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (kappa:R)) ->
    filterlim (fun x => Delta_state N t (beta x) (eta x)) (locally' (0:R)) (locally
      (opp (iterate (fun y => minus (dF_ds DF y) (scal (kappa : R_AbsRing) (dF_dtheta DF (dPhi_theta_ds DPhi_theta y)))) t (grad_ell N (s_star N))))).
Ltac proof_script := red; intros N DF DPhi_theta beta eta kappa t D C A5 Hb Hb0 He0 Hr;
  exact (proj1 (@joint_limit N DF DPhi_theta R (locally' (0:R)) _ beta eta kappa t D C A5 Hb Hb0 He0 Hr)).
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (He : locally' (0:R) (fun b : R => 1 * b <> 0)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. rewrite Rmult_1_l. exact Hb. }
assert (Hr : filterlim (fun b : R => 1 * b / b) (locally' (0:R)) (locally (1:R))).
{ eapply filterlim_ext_loc; [|apply filterlim_const].
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. simpl. field; auto. }
assert (L := H leaky _ _ (fun b => b) (fun b => 1 * b) 1 1%nat (leaky_derivatives 1 (1 / 2)) (proj2 (leaky_loss 1 (1 / 2)))
  leaky_settled id_to0' ne0' He Hr).
assert (E := @punctured_limit_unique R1 _ _ _ L (proj1 (leaky_at_fixed_ratio 1%nat R1_neq_R0))).
change (- (/ 2 * (1 - 0) + 1 * 0 + - (1 * (/ 2 * 0 + 1 * (1 * (1 - 0) + 0 * 0)))) = - (/ 2 + 1) ^ 1) in E. simpl in E. lra.
Qed.
End KappaSign.

Module RatioKept.
(** In the joint limit only [eta -> 0] is asked for, not [eta / beta -> 0]. *)
Definition unaltered : Prop :=
  forall N t g_s g_th (beta eta : R -> R),
    meets_every_hypothesis N -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    filterlim beta (locally' (0:R)) (locally (0:R)) ->
    locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (0:R)) ->
    filterlim (fun x => Delta_state N t (beta x) (eta x)) (locally' (0:R)) (locally (opp g_s)).
Definition altered : Prop :=
  forall N t g_s g_th (beta eta : R -> R),
    meets_every_hypothesis N -> is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    filterlim beta (locally' (0:R)) (locally (0:R)) ->
    locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim eta (locally' (0:R)) (locally (0:R)) ->
    filterlim (fun x => Delta_state N t (beta x) (eta x)) (locally' (0:R)) (locally (opp g_s)).
Ltac proof_script := red; intros; eapply joint_limit_at_vanishing_ratio; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct (@fixed_ratio_is_biased 1 R1_neq_R0) as [g [Hg Hn]]. apply Hn.
apply (H leaky 1%nat g _ (fun b => b) (fun b => 1 * b) leaky_meets_every_hypothesis Hg (proj2 (leaky_bptt 1)) id_to0' ne0').
refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. rewrite Rmult_1_l. exact Hb.
apply filterlim_ext with (fun b : R => b). intros b. now rewrite Rmult_1_l. exact id_to0'.
Qed.
End RatioKept.

Module LimitsSwapped.
(** The limits in the other order: [beta -> 0] at a fixed [eta], then [eta -> 0]. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (fun eta beta => Delta_state N t beta eta) (opp g_s).
Ltac proof_script := red; intros; refine (proj1 (theorem1 _ _ _ _ _ _ _)); from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. apply limits_in_the_other_order. intros N t g [A1 [A2 [A3 [A4 A5]]]] Hg.
destruct (bptt_gradients_exist t A1 A2 A3 A5) as [_ [g_th [_ Hth]]]. exact (H N t g g_th A1 A2 A3 A4 A5 Hg Hth).
Qed.
End LimitsSwapped.

Module NotSettled.
(** The free phase need not have settled: the hypothesis dropped. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) (opp g_s).
Ltac proof_script := red; intros; refine (proj1 (theorem1 _ _ _ _ _ _ _)); from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. apply settling_is_needed. intros; eapply H; eassumption.
Qed.
End NotSettled.

Module NoPrimitiveFunction.
(** [F] need not be a gradient: the primitive function dropped, the Jacobian asymmetric. *)
Definition unaltered : Prop :=
  forall N t g_s,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N -> is_nabla_s N t g_s ->
    iterated_limit (Delta_state N t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s,
    twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N -> is_nabla_s N t g_s ->
    iterated_limit (Delta_state N t) (opp g_s).
Ltac proof_script := red; intros; eapply state_updates_descend; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. apply primitive_function_is_needed. intros; eapply H; eassumption.
Qed.
End NoPrimitiveFunction.

Module NotDifferentiable.
(** [Phi] need not be twice differentiable at rest: the hypothesis dropped. *)
Definition unaltered : Prop :=
  forall N t,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    exists v, iterated_limit (Delta_state N t) v.
Definition altered : Prop :=
  forall N t,
    has_primitive_function N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    exists v, iterated_limit (Delta_state N t) v.
Ltac proof_script := red; intros; eapply state_updates_converge; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. apply differentiability_is_needed. intros; eapply H; eassumption.
Qed.
End NotDifferentiable.

Module NudgeJumps.
(** The gradient used by the nudge need not be continuous: it is right at rest only. *)
Definition unaltered : Prop :=
  forall N t g_s,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N -> is_nabla_s N t g_s ->
    iterated_limit (Delta_state N t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s,
    has_primitive_function N -> twice_differentiable N -> is_gradient (State N) (dot_state N) (ell N) (s_star N) (grad_ell N (s_star N)) -> settled N -> is_nabla_s N t g_s ->
    iterated_limit (Delta_state N t) (opp g_s).
Ltac proof_script := red; intros; eapply state_updates_descend; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. apply continuity_of_the_nudge_is_needed. intros; eapply H; eassumption.
Qed.
End NudgeJumps.

Module NudgeUphill.
(** The nudge has the wrong sign: [s <- F + beta grad ell]. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_state N t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (fun beta eta => Delta_s (F N) (fun s => opp (grad_ell N s)) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta t) (opp g_s).
Ltac proof_script := red; intros; refine (proj1 (theorem1 _ _ _ _ _ _ _)); from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct leaky_meets_every_hypothesis as [A1 [A2 [A3 [A4 A5]]]].
assert (L := H leaky 0%nat _ _ A1 A2 A3 A4 A5 (proj1 (leaky_bptt 0)) (proj2 (leaky_bptt 0))).
assert (L2 : iterated_limit (V := R1) (fun beta eta => Delta_s (F leaky) (fun s => opp (grad_ell leaky s)) (ep_rule (Phi_theta leaky)) (s_star leaky) (theta leaky) beta eta 0) 1).
{ apply (@iterated_limit_ext R1 (fun _ _ => 1)).
  - intros b e Hb He. change (1 = / b * (1 / 2 + 1 / 2 + - (b * - (1 - 0)) + - 1)). field; auto.
  - apply (@iterated_limit_continuous (fun _ _ => 1) (fun _ => 1)). 2: apply continuous_const. intros b Hb. split. reflexivity. apply continuous_const. }
assert (E := iterated_limit_unique L L2). change (- (/ 2) ^ 0 = 1) in E. simpl in E. lra.
Qed.
End NudgeUphill.

Module UpdateWithoutInverseBeta.
(** The weights move by [eta] times the difference, not by [eta / beta] times it. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_param N t) (opp g_th).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (fun beta eta => scal (/ eta : R_AbsRing)
      (minus (snd (cep N beta (eta * beta) (1 + t))) (snd (cep N beta (eta * beta) t)))) (opp g_th).
Ltac proof_script := red; intros; refine (proj2 (theorem1 _ _ _ _ _ _ _)); from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct leaky_meets_every_hypothesis as [A1 [A2 [A3 [A4 A5]]]].
assert (L := H leaky 0%nat _ _ A1 A2 A3 A4 A5 (proj1 (leaky_bptt 0)) (proj2 (leaky_bptt 0))).
assert (L2 : iterated_limit (V := R1) (fun beta eta => scal (/ eta : R_AbsRing) (minus (snd (cep leaky beta (eta * beta) (1 + 0))) (snd (cep leaky beta (eta * beta) 0)))) (- 0)).
{ apply (@iterated_limit_ext R1 (fun b _ => - b)).
  - intros b e Hb He. change (- b = / e * (1 / 2 + e * b / b * (1 / 2 + 1 / 2 + - (b * (1 - 0)) + - 1) + - (1 / 2))). field; auto.
  - apply (@iterated_limit_continuous (fun b _ => - b) (fun b => - b)). intros b Hb. split. reflexivity. apply continuous_const.
    apply (continuous_opp (V := R1) (fun b => b)). apply continuous_id. }
assert (E := iterated_limit_unique L L2). change (- (/ 2) ^ 0 = - 0) in E. simpl in E. lra.
Qed.
End UpdateWithoutInverseBeta.

Module DifferenceToRest.
(** The weights move by the difference to the steady state, not to the state before. *)
Definition unaltered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (Delta_param N t) (opp g_th).
Definition altered : Prop :=
  forall N t g_s g_th,
    has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> continuous_nearby N -> settled N ->
    is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
    iterated_limit (fun beta eta => Delta_theta (F N) (grad_ell N)
      (fun p => minus (Phi_theta N (snd p, snd (fst p))) (Phi_theta N (s_star N, snd (fst p)))) (s_star N) (theta N) beta eta t) (opp g_th).
Ltac proof_script := red; intros; refine (proj2 (theorem1 _ _ _ _ _ _ _)); from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct leaky_meets_every_hypothesis as [A1 [A2 [A3 [A4 A5]]]].
assert (L := H leaky 1%nat _ _ A1 A2 A3 A4 A5 (proj1 (leaky_bptt 1)) (proj2 (leaky_bptt 1))).
match type of L with iterated_limit ?f _ => assert (L2 : iterated_limit (V := R1) f (- (3 / 2) + 0)) end.
{ apply (@iterated_limit_ext R1 (fun b e => - (3 / 2) + b - e / b)).
  - intros b e Hb He. set (s1 := 1 / 2 + 1 / 2 + - (b * (1 - 0))). set (th1 := 1 / 2 + e / b * (s1 + - 1)).
    set (s2 := s1 / 2 + th1 + - (b * (s1 - 0))).
    change (- (3 / 2) + b - e / b = / e * (th1 + e / b * (s2 + - 1) + - th1)). unfold s2, th1, s1. field; auto.
  - apply (@iterated_limit_continuous (fun b e => - (3 / 2) + b - e / b) (fun b => - (3 / 2) + b)). intros b Hb. split. field; auto.
    apply (continuous_minus (V := R1) (fun _ => - (3 / 2) + b) (fun e => e / b)). apply continuous_const.
    apply (continuous_mult (K := R_AbsRing) (fun e => e) (fun _ => / b)). apply continuous_id. apply continuous_const.
    apply (continuous_plus (V := R1) (fun _ => - (3 / 2)) (fun b => b)). apply continuous_const. apply continuous_id. }
assert (E := iterated_limit_unique L L2). change (- (/ 2) ^ 1 = - (3 / 2) + 0) in E. simpl in E. lra.
Qed.
End DifferenceToRest.

Module NudgeOutside.
(** Discrete time: the nudge outside the activation is exact for the loss itself. *)
Definition unaltered : Prop :=
  forall N sigma D t g_th, has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
    activation_settled N sigma -> activation_differentiable N sigma D ->
    continuous_nearby N -> activation_continuous_nearby N sigma ->
    is_parameter_gradient N sigma (ell N) t g_th ->
    iterated_limit (inside_Delta_param N sigma t) (opp g_th).
Definition altered : Prop :=
  forall N sigma D t g_th, has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
    activation_settled N sigma -> activation_differentiable N sigma D ->
    continuous_nearby N -> activation_continuous_nearby N sigma ->
    is_parameter_gradient N sigma (ell N) t g_th ->
    iterated_limit (outside_Delta_param N sigma t) (opp g_th).
Ltac proof_script := red; intros; simple eapply inside_updates_of_param_descend; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct outside_nudge_fails as [G [_ E]].
assert (L := H _ _ _ 0%nat _ one_unit_primitive one_unit_twice one_unit_loss one_unit_rest one_unit_activation
  one_unit_near one_unit_activation_near G).
assert (L2 : iterated_limit (V := R1) (outside_Delta_param one_unit sigmoid 0) (- (3 / 4))).
{ apply (@iterated_limit_ext R1 (fun _ _ => - (3 / 4))). intros b e Hb He. symmetry. exact (E b e Hb He).
  apply (@iterated_limit_continuous (fun _ _ => - (3 / 4)) (fun _ => - (3 / 4))). 2: apply continuous_const. intros b Hb. split. reflexivity. apply continuous_const. }
assert (X := iterated_limit_unique L L2). change (- (9 / 16) = - (3 / 4)) in X. lra.
Qed.
End NudgeOutside.

Module SquareNotHalved.
(** The augmented primitive function has [kappa] times the square, not [kappa / 2] times it. *)
Definition unaltered : Prop :=
  forall N (rates : Param N -> Param N) (beta eta : R),
    affine_in_theta N -> primitive_function_everywhere N -> phi_differentiable N ->
    bounded_inner_product (Param N) (dot_param N) -> is_linear rates -> self_adjoint (Param N) (dot_param N) rates ->
    primitive_function_everywhere (augmented N (fun v => scal (eta / beta : R_AbsRing) (rates v))) /\
    forall t, fst (cep_with_rates N rates beta eta t) = ep (augmented N (fun v => scal (eta / beta : R_AbsRing) (rates v))) beta t /\
      snd (cep_with_rates N rates beta eta t) = ep_update (augmented N (fun v => scal (eta / beta : R_AbsRing) (rates v))) rates beta eta t.
Definition altered : Prop :=
  forall N (rates : Param N -> Param N) (beta eta : R),
    affine_in_theta N -> primitive_function_everywhere N -> phi_differentiable N ->
    bounded_inner_product (Param N) (dot_param N) -> is_linear rates -> self_adjoint (Param N) (dot_param N) rates ->
    primitive_function_everywhere (augmented N (fun v => scal (2 * (eta / beta) : R_AbsRing) (rates v))) /\
    forall t, fst (cep_with_rates N rates beta eta t) = ep (augmented N (fun v => scal (2 * (eta / beta) : R_AbsRing) (rates v))) beta t /\
      snd (cep_with_rates N rates beta eta t) = ep_update (augmented N (fun v => scal (2 * (eta / beta) : R_AbsRing) (rates v))) rates beta eta t.
Ltac proof_script := red; intros; simple apply cep_is_ep_in_augmented; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (A : affine_in_theta leaky) by (intros s th; simpl; unfold times; simpl; unfold zero; simpl; field).
assert (P : primitive_function_everywhere leaky) by exact (@leaky_gradient 1 (1 / 2)).
assert (Q : phi_differentiable leaky) by (intros s; exists (fun h => h); apply filterdiff_id).
destruct (H leaky (fun v => v) 1 1 A P Q bounded_inner_product_R is_linear_id (fun x y => eq_refl)) as [_ E].
destruct (E 2%nat) as [E2 _].
set (s1 := 1 / 2 + 1 / 2 + - (1 * (1 - 0))).
set (r1 := 1 / 2 + (1 / 2 + 2 * (1 / 1) * (1 + - 1)) + - (1 * (1 - 0))).
change (s1 / 2 + (1 / 2 + 1 / 1 * (s1 + - 1)) + - (1 * (s1 - 0)) =
  r1 / 2 + (1 / 2 + 2 * (1 / 1) * (r1 + - 1)) + - (1 * (r1 - 0))) in E2. unfold s1, r1 in E2. lra.
Qed.
End SquareNotHalved.

Module ErrorWithoutRatio.
(** The error bound without [eta / beta]: the error is of the order of [beta] alone. *)
Definition unaltered : Prop :=
  forall beta eta : R, beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= 1 ->
    Rabs (Delta_state leaky 1 beta eta + / 2) <= 2 * (Rabs beta + Rabs (eta / beta)).
Definition altered : Prop :=
  forall beta eta : R, beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= 1 ->
    Rabs (Delta_state leaky 1 beta eta + / 2) <= 2 * Rabs beta.
Ltac proof_script := red; intros; simple apply leaky_error_bound_state; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. assert (X : Rabs (Delta_state leaky 1 (1 / 10) (1 / 20) + / 2) <= 2 * Rabs (1 / 10)).
{ apply H; try lra. rewrite !Rabs_right; lra. }
rewrite leaky_Delta_1 in X by lra. rewrite Rabs_left, Rabs_right in X; lra.
Qed.
End ErrorWithoutRatio.

Module ResidualOnlySmall.
(** A free phase that has not quite settled: its residual need only vanish, not faster than [beta]. *)
Definition unaltered : Prop :=
  forall N (beta eta : R -> R) (s : R -> State N) (g_s : State N),
    loss_differentiable N -> locally' (0:R) (fun x => beta x <> 0) ->
    filterlim s (locally' (0:R)) (locally (s_star N)) -> is_nabla_s N 0 g_s ->
    filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) (locally' (0:R)) (locally (zero : State N)) ->
    filterlim (fun x => Delta_state_from N (s x) 0 (beta x) (eta x)) (locally' (0:R)) (locally (opp g_s)).
Definition altered : Prop :=
  forall N (beta eta : R -> R) (s : R -> State N) (g_s : State N),
    loss_differentiable N -> locally' (0:R) (fun x => beta x <> 0) ->
    filterlim s (locally' (0:R)) (locally (s_star N)) -> is_nabla_s N 0 g_s ->
    filterlim (fun x => residual N (s x)) (locally' (0:R)) (locally (zero : State N)) ->
    filterlim (fun x => Delta_state_from N (s x) 0 (beta x) (eta x)) (locally' (0:R)) (locally (opp g_s)).
Ltac proof_script := red; intros; eapply first_update_descends; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct residual_of_order_beta as [_ [G [E L]]].
assert (C : continuous (U := R_UniformSpace) (fun b : R => 1 - 4 * b) 0).
{ apply (continuous_minus (V := R1) (fun _ => 1) (fun b => 4 * b)). apply continuous_const.
  apply (continuous_mult (K := R_AbsRing) (fun _ => 4) (fun b => b)). apply continuous_const. apply continuous_id. }
assert (L2 := H leaky_unit (fun b => b) (fun b => b * b) (fun b => 1 - 4 * b) 1).
assert (X : (1 : R) = - 1).
{ apply (@punctured_limit_unique R1 (fun b : R => Delta_state_from leaky_unit (1 - 4 * b) 0 b (b * b))). exact L. apply L2.
  - split. 2: apply continuous_id. assert (Q := half_square_gradient 0 1). assert (Z : 1 - 0 = 1) by ring. rewrite Z in Q.
    eapply filterdiff_ext; [|exact Q]. intros x. simpl. field.
  - exact ne0'.
  - assert (Z : 1 - 4 * 0 = 1) by ring. unfold continuous in C. rewrite Z in C. exact (flim_to' C).
  - exact G.
  - eapply filterlim_ext. intros b. symmetry. apply E.
    assert (Q : continuous (U := R_UniformSpace) (fun b : R => 2 * b) 0).
    { apply (continuous_mult (K := R_AbsRing) (fun _ => 2) (fun b => b)). apply continuous_const. apply continuous_id. }
    unfold continuous in Q. assert (Z : 2 * 0 = 0) by ring. rewrite Z in Q. exact (flim_to' Q). }
lra.
Qed.
End ResidualOnlySmall.

Module BiasLeftOut.
(** C-VF without symmetry: the updates tend to minus the gradient, the bias left out. *)
Definition unaltered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (plain_Delta_state N t)
      (opp (plus g_s (vf_bias (vf_J N) (vf_Jt N) t (vf_grad_ell N (vf_s_star N))))).
Definition altered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (plain_Delta_state N t)
      (opp g_s).
Ltac proof_script := red; intros; simple apply plain_updates_have_a_bias; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (E := loop_plain_limit (H loop 1%nat _ (proj1 loop_meets_every_hypothesis) (proj1 loop_plain_and_corrected))).
change (- / 2 = - 1) in E. lra.
Qed.
End BiasLeftOut.

Module BiasSign.
(** C-VF without symmetry: the bias has the other sign, [(J^T)^t - J^t] in the place of [J^t - (J^T)^t]. *)
Definition unaltered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (plain_Delta_state N t)
      (opp (plus g_s (vf_bias (vf_J N) (vf_Jt N) t (vf_grad_ell N (vf_s_star N))))).
Definition altered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (plain_Delta_state N t)
      (opp (minus g_s (vf_bias (vf_J N) (vf_Jt N) t (vf_grad_ell N (vf_s_star N))))).
Ltac proof_script := red; intros; simple apply plain_updates_have_a_bias; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (E := loop_plain_limit (H loop 1%nat _ (proj1 loop_meets_every_hypothesis) (proj1 loop_plain_and_corrected))).
change (- (/ 2 + - (1 * 1 + 1 * 0 + - (0 * 0 + / 2 * 1))) = - 1) in E. lra.
Qed.
End BiasSign.

Module CorrectionExchanged.
(** Corrected C-VF: [J] and [J^T] exchanged in the correction. *)
Definition unaltered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (asymmetry N) t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (fun s => opp (asymmetry N s)) t) (opp g_s).
Ltac proof_script := red; intros; simple apply corrected_updates_descend; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct exchanged_correction_misses as [N [t [g [A [G Hn]]]]]. exact (Hn (H N t g A G)).
Qed.
End CorrectionExchanged.

Module BiasBoundWithoutTime.
(** The bound on the bias of C-VF without the factor [t]. *)
Definition unaltered : Prop :=
  forall (V : NM) (J Jt : V -> V) (nJ delta : R) (t : nat) (g : V), is_linear J -> 0 <= nJ -> 0 <= delta ->
    (forall x, norm (J x) <= nJ * norm x) -> (forall x, norm (Jt x) <= nJ * norm x) ->
    (forall x, norm (minus (J x) (Jt x)) <= delta * norm x) ->
    norm (minus (iterate J t g) (iterate Jt t g)) <= INR t * delta * Rmax nJ 1 ^ (t - 1) * norm g.
Definition altered : Prop :=
  forall (V : NM) (J Jt : V -> V) (nJ delta : R) (t : nat) (g : V), is_linear J -> 0 <= nJ -> 0 <= delta ->
    (forall x, norm (J x) <= nJ * norm x) -> (forall x, norm (Jt x) <= nJ * norm x) ->
    (forall x, norm (minus (J x) (Jt x)) <= delta * norm x) ->
    norm (minus (iterate J t g) (iterate Jt t g)) <= delta * Rmax nJ 1 ^ (t - 1) * norm g.
Ltac proof_script := red; intros; simple apply vector_field_bias_bound; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (X := H R1 (fun x => 1 * x) (fun x => / 2 * x) 1 (/ 2) 2%nat 1 (scaling_linear 1) ltac:(lra) ltac:(lra)).
assert (E : Rabs (1 * (1 * 1) + - (/ 2 * (/ 2 * 1))) <= / 2 * Rmax 1 1 ^ (2 - 1) * Rabs 1).
{ apply X; intros x.
  - change (Rabs (1 * x) <= 1 * Rabs x). rewrite !Rmult_1_l. lra.
  - change (Rabs (/ 2 * x) <= 1 * Rabs x). rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos x). lra.
  - change (Rabs (1 * x + - (/ 2 * x)) <= / 2 * Rabs x). replace (1 * x + - (/ 2 * x)) with (/ 2 * x) by field.
    rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. lra. }
rewrite Rmax_left in E by lra. rewrite !Rabs_right in E by lra. simpl in E. lra.
Qed.
End BiasBoundWithoutTime.

Module MiniBatchSum.
(** On a mini-batch the samples are coupled by the sum of their [phi], not by the mean. *)
Definition unaltered : Prop :=
  forall (State Param : NM) (B : nat) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
    (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param) (beta eta : R) (t b : nat),
    fst (batch_cep B F phi grad_ell s_star theta beta eta t) b =
    batch_ep B F phi grad_ell s_star theta (eta / beta) beta t b.
Definition altered : Prop :=
  forall (State Param : NM) (B : nat) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
    (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param) (beta eta : R) (t b : nat),
    fst (batch_cep B F phi grad_ell s_star theta beta eta t) b =
    batch_ep B F phi grad_ell s_star theta (INR B * (eta / beta)) beta t b.
Ltac proof_script := red; intros; simple apply batch_cep_is_ep.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (E := H R1 R1 2%nat (fun _ z => snd z) (fun _ s => s) (fun _ _ => 1) (fun _ => 0) 0 1 1 2%nat 0%nat).
change (0 + 1 / 1 * (/ (1 + 1) * (0 + (0 + - (1 * 1) + - 0) + (0 + - (1 * 1) + - 0))) + - (1 * 1) =
  0 + (1 + 1) * (1 / 1) * (/ (1 + 1) * (0 + (0 + (1 + 1) * (1 / 1) * (/ (1 + 1) * (0 + (0 + - 0) + (0 + - 0))) + - (1 * 1) + - 0)
    + (0 + (1 + 1) * (1 / 1) * (/ (1 + 1) * (0 + (0 + - 0) + (0 + - 0))) + - (1 * 1) + - 0))) + - (1 * 1)) in E. lra.
Qed.
End MiniBatchSum.

Module MiniBatchOneSample.
(** On a mini-batch [theta] moves by one sample's [phi], not by the mean of all. *)
Definition unaltered : Prop :=
  forall (State Param : NM) (B : nat) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
    (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param) (beta eta : R) (t b : nat),
    (b < B)%nat ->
    snd (batch_cep B F phi grad_ell s_star theta beta eta t) =
    plus theta (scal (eta / beta : R_AbsRing) (batch_mean B phi (fst (batch_cep B F phi grad_ell s_star theta beta eta t)) s_star)).
Definition altered : Prop :=
  forall (State Param : NM) (B : nat) (F : nat -> State * Param -> State) (phi : nat -> State -> Param)
    (grad_ell : nat -> State -> State) (s_star : nat -> State) (theta : Param) (beta eta : R) (t b : nat),
    (b < B)%nat ->
    snd (batch_cep B F phi grad_ell s_star theta beta eta t) =
    plus theta (scal (eta / beta : R_AbsRing) (minus (phi b (fst (batch_cep B F phi grad_ell s_star theta beta eta t) b)) (phi b (s_star b)))).
Ltac proof_script := red; intros; simple apply batch_conservation_law.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H.
assert (E := H R1 R1 2%nat (fun _ z => snd z) (fun _ s => s) (fun b _ => INR b) (fun _ => 0) 0 1 1 1%nat 0%nat ltac:(lia)).
change (0 + 1 / 1 * (/ (1 + 1) * (0 + (0 + - (1 * 0) + - 0) + (0 + - (1 * 1) + - 0))) = 0 + 1 / 1 * (0 + - (1 * 0) + - 0)) in E. lra.
Qed.
End MiniBatchOneSample.

Module OrderWithoutSignal.
(** The order of limits is forced by right updates, also where no gradient of [theta] has been seen. *)
Definition unaltered : Prop :=
  forall N DF DPhi_theta nabla_theta t,
    has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
    (forall i, is_nabla_theta N i (nabla_theta i)) ->
    (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
    forces_order_of_limits (fun _ => True) (fun T along beta eta => forall j, (j <= t)%nat ->
      filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j)))).
Definition altered : Prop :=
  forall N DF DPhi_theta nabla_theta t,
    has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
    (forall i, is_nabla_theta N i (nabla_theta i)) ->
    forces_order_of_limits (fun _ => True) (fun T along beta eta => forall j, (j <= t)%nat ->
      filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j)))).
Ltac proof_script := red; intros; eapply right_updates_force_the_order; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct deep_meets_every_hypothesis as [A1 [[DF [DPhi D]] [A3 [_ A5]]]].
destruct (@total_gradient deep 0%nat A1 (ex_intro _ DF (ex_intro _ DPhi D)) A3 A5) as [nabla_theta [Hth _]].
destruct deep_first_trace as [_ [G1 [Hn _]]]. apply Hn.
intros T FF HF beta eta Hb Hb0 He He0 Hr G.
refine (H deep DF DPhi nabla_theta 1%nat A1 D A3 A5 Hth T FF HF beta eta Hb Hb0 He He0 Hr (fun j Hj => G j Hj _ (Hth j))).
Qed.
End OrderWithoutSignal.

Module OrderOneStepEarly.
(** The order of limits is forced up to step [t] already by a gradient of [theta] at [t] itself. *)
Definition unaltered : Prop :=
  forall N DF DPhi_theta nabla_theta t,
    has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
    (forall i, is_nabla_theta N i (nabla_theta i)) ->
    (exists i, (i < t)%nat /\ nabla_theta i <> zero) ->
    forces_order_of_limits (fun _ => True) (fun T along beta eta => forall j, (j <= t)%nat ->
      filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j)))).
Definition altered : Prop :=
  forall N DF DPhi_theta nabla_theta t,
    has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
    (forall i, is_nabla_theta N i (nabla_theta i)) ->
    (exists i, (i <= t)%nat /\ nabla_theta i <> zero) ->
    forces_order_of_limits (fun _ => True) (fun T along beta eta => forall j, (j <= t)%nat ->
      filterlim (fun x => Delta_param N j (beta x) (eta x)) along (locally (opp (nabla_theta j)))).
Ltac proof_script := red; intros; eapply right_updates_force_the_order; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct deep_meets_every_hypothesis as [A1 [[DF [DPhi D]] [A3 [_ A5]]]].
destruct (@total_gradient deep 0%nat A1 (ex_intro _ DF (ex_intro _ DPhi D)) A3 A5) as [nabla_theta [Hth _]].
destruct deep_first_trace as [_ [G1 [Hn _]]]. apply Hn.
intros T FF HF beta eta Hb Hb0 He He0 Hr G.
refine (H deep DF DPhi nabla_theta 1%nat A1 D A3 A5 Hth _ T FF HF beta eta Hb Hb0 He He0 Hr (fun j Hj => G j Hj _ (Hth j))).
exists 1%nat. split. lia. rewrite (gradient_unique (dot_param_inner deep) (Hth 1%nat) G1). change (/ 2 <> 0). lra.
Qed.
End OrderOneStepEarly.

Module CorrectionHalved.
(** Corrected C-VF with half the correction. *)
Definition unaltered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (asymmetry N) t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (fun s => scal (/ 2 : R_AbsRing) (asymmetry N s)) t) (opp g_s).
Ltac proof_script := red; intros; simple apply corrected_updates_descend; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof. intros H. destruct halved_correction_misses as [N [t [g [A [G X]]]]]. exact (X (H N t g A G)). Qed.
End CorrectionHalved.

Module CorrectionAnchoredAtZero.
(** Corrected C-VF with the correction anchored at 0: [(J - J^T) s] in the place of [(J - J^T) (s - s_star)]. *)
Definition unaltered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (asymmetry N) t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (fun s => minus (vf_J N s) (vf_Jt N s)) t) (opp g_s).
Ltac proof_script := red; intros; simple apply corrected_updates_descend; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof. intros H. destruct correction_anchored_at_0_misses as [N [t [g [A [G X]]]]]. exact (X (H N t g A G)). Qed.
End CorrectionAnchoredAtZero.

Module CorrectionLeftOut.
(** Theorem 1 without symmetry for plain C-VF: no correction. *)
Definition unaltered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (asymmetry N) t) (opp g_s).
Definition altered : Prop :=
  forall N t g_s, vf_meets_every_hypothesis N -> vf_is_nabla_s N t g_s ->
    iterated_limit (Delta_state_less N (fun _ => zero) t) (opp g_s).
Ltac proof_script := red; intros; simple apply corrected_updates_descend; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof. intros H. destruct plain_misses as [N [t [g [A [G X]]]]]. exact (X (H N t g A G)). Qed.
End CorrectionLeftOut.

Module CorrectedKappaLeftOut.
(** Corrected C-VF at a fixed ratio [kappa] still follows minus BPTT's gradients: [kappa] left out. *)
Definition unaltered : Prop :=
  forall N (kappa : R) t, kappa <> 0 -> vf_meets_every_hypothesis N ->
    filterlim (fun beta => corrected_Delta_state N t beta (kappa * beta)) (locally' (0:R)) (locally (opp
      (iterate (fun y => plus (vf_Jt N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y)))) t (vf_grad_ell N (vf_s_star N))))).
Definition altered : Prop :=
  forall N (kappa : R) t, kappa <> 0 -> vf_meets_every_hypothesis N ->
    filterlim (fun beta => corrected_Delta_state N t beta (kappa * beta)) (locally' (0:R)) (locally (opp
      (iterate (fun y => vf_Jt N y) t (vf_grad_ell N (vf_s_star N))))).
Ltac proof_script := red; intros N kappa t Hk H; exact (corrected_at_fixed_ratio t Hk H).
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct (@loop_at_fixed_ratio 1 R1_neq_R0) as [_ [_ L]].
assert (E := punctured_limit_unique (H loop 1 2%nat R1_neq_R0 (proj1 loop_meets_every_hypothesis)) L).
apply (f_equal fst) in E. change (- (0 * (0 * 0 + / 2 * 1) + / 2 * (1 * 0 + 0 * 1)) = - (1 / 2)) in E. lra.
Qed.
End CorrectedKappaLeftOut.

Module TransposedAtFixedRatio.
(** Plain C-VF at a fixed ratio goes by [J^T], as BPTT does, not by [J]. *)
Definition unaltered : Prop :=
  forall N (kappa : R) t, kappa <> 0 -> vf_meets_every_hypothesis N ->
    filterlim (fun beta => plain_Delta_state N t beta (kappa * beta)) (locally' (0:R)) (locally (opp
      (iterate (fun y => plus (vf_J N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y)))) t (vf_grad_ell N (vf_s_star N))))).
Definition altered : Prop :=
  forall N (kappa : R) t, kappa <> 0 -> vf_meets_every_hypothesis N ->
    filterlim (fun beta => plain_Delta_state N t beta (kappa * beta)) (locally' (0:R)) (locally (opp
      (iterate (fun y => plus (vf_Jt N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y)))) t (vf_grad_ell N (vf_s_star N))))).
Ltac proof_script := red; intros N kappa t Hk H; exact (plain_at_fixed_ratio t Hk H).
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct (@loop_at_fixed_ratio 1 R1_neq_R0) as [_ [L L']].
assert (X := H loop 1 2%nat R1_neq_R0 (proj1 loop_meets_every_hypothesis)).
assert (Y := corrected_at_fixed_ratio 2 R1_neq_R0 (proj1 loop_meets_every_hypothesis)).
assert (E := eq_trans (punctured_limit_unique L X) (punctured_limit_unique Y L')).
apply (f_equal fst) in E. change (- 1 = - (1 / 2)) in E. lra.
Qed.
End TransposedAtFixedRatio.

Module UpdateNotDividedByBeta.
(** C-EP's total update divided by [eta] tends to the difference of [dPhi/dtheta], not divided by [beta]. *)
Definition unaltered : Prop :=
  forall N (beta : R) t, beta <> 0 -> continuous_along_ep N beta ->
    filterlim (fun eta => scal (/ eta : R_AbsRing) (minus (snd (cep N beta eta t)) (theta N))) (locally' (0:R))
      (locally (scal (/ beta : R_AbsRing) (minus (Phi_theta N (ep N beta t, theta N)) (Phi_theta N (s_star N, theta N))))).
Definition altered : Prop :=
  forall N (beta : R) t, beta <> 0 -> continuous_along_ep N beta ->
    filterlim (fun eta => scal (/ eta : R_AbsRing) (minus (snd (cep N beta eta t)) (theta N))) (locally' (0:R))
      (locally (minus (Phi_theta N (ep N beta t, theta N)) (Phi_theta N (s_star N, theta N)))).
Ltac proof_script := red; intros N beta t Hb H; exact (proj2 (@cep_tends_to_ep N (fun v => v) beta t is_linear_id Hb H)).
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. assert (N2 : 2 <> 0) by lra.
assert (L := proj2 (@cep_tends_to_ep leaky (fun v => v) 2 1%nat is_linear_id N2 (leaky_along_ep 2))).
assert (E := punctured_limit_unique (H leaky 2 1%nat N2 (leaky_along_ep 2)) L).
change (1 / 2 + 1 / 2 + - (2 * (1 - 0)) + - 1 = / 2 * (1 / 2 + 1 / 2 + - (2 * (1 - 0)) + - 1)) in E. lra.
Qed.
End UpdateNotDividedByBeta.

Module OneSidedBound.
(** Stability along an eigenvector bounds [kappa] from above only. *)
Definition unaltered : Prop :=
  forall N DF DPhi_theta (mu gamma kappa : R) (v : State N),
    has_primitive_function N -> derivatives N DF DPhi_theta ->
    dF_ds DF v = scal (mu : R_AbsRing) v -> dF_dtheta DF (dPhi_theta_ds DPhi_theta v) = scal (gamma : R_AbsRing) v ->
    dPhi_theta_ds DPhi_theta v <> zero -> dot_state N (grad_ell N (s_star N)) v <> 0 ->
    0 < gamma /\
    (is_lim_seq (fun t => dot_state N (opp (iterate (modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa) t (grad_ell N (s_star N)))) v) 0
     <-> - (1 + mu) / gamma < kappa < (1 - mu) / gamma).
Definition altered : Prop :=
  forall N DF DPhi_theta (mu gamma kappa : R) (v : State N),
    has_primitive_function N -> derivatives N DF DPhi_theta ->
    dF_ds DF v = scal (mu : R_AbsRing) v -> dF_dtheta DF (dPhi_theta_ds DPhi_theta v) = scal (gamma : R_AbsRing) v ->
    dPhi_theta_ds DPhi_theta v <> zero -> dot_state N (grad_ell N (s_star N)) v <> 0 ->
    0 < gamma /\
    (is_lim_seq (fun t => dot_state N (opp (iterate (modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) kappa) t (grad_ell N (s_star N)))) v) 0
     <-> kappa < (1 - mu) / gamma).
Ltac proof_script := red; exact two_sided_bound.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. set (D := leaky_derivatives 1 (1 / 2)). set (Q := leaky_primitive 1 (1 / 2)).
assert (E1 : / 2 * 1 + 1 * 0 = / 2 * 1) by ring. assert (E2 : / 2 * 0 + 1 * (1 * 1 + 0 * 0) = 1 * 1) by ring.
assert (E3 : 1 * 1 + 0 * 0 <> 0) by lra. assert (E4 : (1 - 0) * 1 <> 0) by lra.
assert (X := proj2 (proj2 (H leaky _ _ (/ 2) 1 (- 2) 1 Q D E1 E2 E3 E4)) ltac:(lra)).
assert (Y := proj1 (proj2 (@two_sided_bound leaky _ _ (/ 2) 1 (- 2) 1 Q D E1 E2 E3 E4)) X). lra.
Qed.
End OneSidedBound.

Module EveryLayerShows.
(** One rate for each layer: right updates force every ratio to vanish, signal or not. *)
Definition unaltered : Prop :=
  forall N DF DPhi_theta (nabla_s : nat -> State N) (nabla_theta : nat -> Param N) n P (eta : nat -> R -> R) t,
    per_layer_problem N DF DPhi_theta nabla_s nabla_theta n P eta ->
    (forall j, (j <= t)%nat -> filterlim (fun beta => per_layer_Delta_state N n P j beta (fun l => eta l beta)) (locally' (0:R)) (locally (opp (nabla_s j)))) ->
    forall l, (l < n)%nat -> (exists i, (i < t)%nat /\ P l (nabla_theta i) <> zero) ->
    filterlim (fun beta => eta l beta / beta) (locally' (0:R)) (locally (0:R)).
Definition altered : Prop :=
  forall N DF DPhi_theta (nabla_s : nat -> State N) (nabla_theta : nat -> Param N) n P (eta : nat -> R -> R) t,
    per_layer_problem N DF DPhi_theta nabla_s nabla_theta n P eta ->
    (forall j, (j <= t)%nat -> filterlim (fun beta => per_layer_Delta_state N n P j beta (fun l => eta l beta)) (locally' (0:R)) (locally (opp (nabla_s j)))) ->
    forall l, (l < n)%nat ->
    filterlim (fun beta => eta l beta / beta) (locally' (0:R)) (locally (0:R)).
Ltac proof_script := red; intros; eapply per_layer_ratios_vanish; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. assert (L := H _ _ _ _ _ _ _ _ 1%nat two_layers_problem (proj1 two_layers_ratios) 1%nat ltac:(lia)).
assert (X := proj1 (@flim_norm R (locally' (0:R)) _ R1 _ _) L (mkposreal 1 Rlt_0_1)).
destruct (@filter_ex R (locally' (0:R)) (Rbar_locally'_filter 0) _ (filter_and _ _ X ne0')) as [b [B1 B2]].
change (Rabs (Rabs b / b + - 0) < 1) in B1. rewrite Ropp_0, Rplus_0_r in B1. unfold Rdiv in B1.
rewrite Rabs_mult, Rabs_Rabsolu, Rabs_inv, Rinv_r in B1 by (now apply Rabs_no_R0). lra.
Qed.
End EveryLayerShows.

Module CentredSameRatio.
(** The centred estimator with [- eta] in the second run, so that the ratio is the same in both. *)
Definition unaltered : Prop :=
  forall N DF DPhi_theta QF QPhi hessian t g_s (beta eta : R -> R),
    meets_every_hypothesis N -> second_order_at_rest N DF DPhi_theta QF QPhi hessian -> is_nabla_s N t g_s ->
    filterlim beta (locally' (0:R)) (locally (0:R)) -> locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (0:R)) ->
    exists C, 0 <= C /\ locally' (0:R) (fun x =>
      norm (plus (scal (/ 2 : R_AbsRing) (plus (Delta_state N t (beta x) (eta x)) (Delta_state N t (- beta x) (eta x)))) g_s)
        <= C * (beta x * beta x + eta x / beta x * (eta x / beta x))).
Definition altered : Prop :=
  forall N DF DPhi_theta QF QPhi hessian t g_s (beta eta : R -> R),
    meets_every_hypothesis N -> second_order_at_rest N DF DPhi_theta QF QPhi hessian -> is_nabla_s N t g_s ->
    filterlim beta (locally' (0:R)) (locally (0:R)) -> locally' (0:R) (fun x => beta x <> 0) -> locally' (0:R) (fun x => eta x <> 0) ->
    filterlim (fun x => eta x / beta x) (locally' (0:R)) (locally (0:R)) ->
    exists C, 0 <= C /\ locally' (0:R) (fun x =>
      norm (plus (scal (/ 2 : R_AbsRing) (plus (Delta_state N t (beta x) (eta x)) (Delta_state N t (- beta x) (- eta x)))) g_s)
        <= C * (beta x * beta x + eta x / beta x * (eta x / beta x))).
Ltac proof_script := red; intros; eapply centred_state_error; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct leaky_second_order as [DF [DPhi [QF [QPhi [h S]]]]].
assert (R0 : filterlim (fun b : R => b * b / b) (locally' (0:R)) (locally (0:R))).
{ eapply filterlim_ext_loc; [|exact id_to0']. refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. simpl. field; auto. }
assert (N0 : locally' (0:R) (fun b : R => b * b <> 0)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. now apply Rmult_integral_contrapositive_currified. }
destruct (H leaky DF DPhi QF QPhi h 1%nat ((/ 2) ^ 1) (fun b => b) (fun b => b * b) leaky_meets_every_hypothesis S (proj1 (leaky_bptt 1)) id_to0' ne0' N0 R0)
  as [C [C0 X]].
(* the mean is - 1/2 - b, so that |b| <= 2 C b^2 near 0 *)
assert (Q : locally' (0:R) (fun b : R => Rabs b < / (2 * C + 1))).
{ apply locally'_le. assert (P : 0 < / (2 * C + 1)) by (apply Rinv_0_lt_compat; lra). exists (mkposreal _ P). intros y Hy.
  change (Rabs (y + - 0) < / (2 * C + 1)) in Hy. now rewrite Ropp_0, Rplus_0_r in Hy. }
destruct (@filter_ex R (locally' (0:R)) (Rbar_locally'_filter 0) _ (filter_and _ _ (filter_and _ _ X Q) ne0')) as [b [[B1 B2] B3]].
assert (E : Delta_state leaky 1 b (b * b) = - / 2 - b * b / b + b) by exact (leaky_Delta_1 _ B3).
assert (E' : Delta_state leaky 1 (- b) (- (b * b)) = - / 2 - - (b * b) / - b + - b) by (apply leaky_Delta_1; lra).
rewrite E, E' in B1.
change (Rabs (/ 2 * (- / 2 - b * b / b + b + (- / 2 - - (b * b) / - b + - b)) + (/ 2) ^ 1) <= C * (b * b + b * b / b * (b * b / b))) in B1.
replace (/ 2 * (- / 2 - b * b / b + b + (- / 2 - - (b * b) / - b + - b)) + (/ 2) ^ 1) with (- b) in B1 by (field; auto).
replace (C * (b * b + b * b / b * (b * b / b))) with (2 * C * (b * b)) in B1 by (field; auto).
rewrite Rabs_Ropp in B1. replace (b * b) with (Rabs b * Rabs b) in B1 by (rewrite <- Rabs_mult; apply Rabs_right; nra).
assert (P := Rabs_pos_lt b B3).
apply (Rmult_lt_compat_r (2 * C + 1)) in B2. 2: lra. rewrite Rinv_l in B2 by lra. nra.
Qed.
End CentredSameRatio.

Module MissingSlope.
(** The energy-based step without [rho']: it has no primitive function. *)
Definition unaltered : Prop :=
  forall (L : layered_model) dt (s : states L) (th : parameters L),
    has_primitive_function (energy_based_with dt s th (fun z => state_of L (fun b n i =>
      (1 - dt) * unit_state (fst z) b n i + dt * (slope (activations L n) (unit_state (fst z) b n i) *
        (from_above (activations L) (energy_based_drive L) (fst z) (snd z) b n i +
         from_below (activations L) (energy_based_drive L) (fst z) (snd z) b n i))))).
Definition altered : Prop :=
  forall (L : layered_model) dt (s : states L) (th : parameters L),
    has_primitive_function (energy_based_with dt s th (fun z => state_of L (fun b n i =>
      (1 - dt) * unit_state (fst z) b n i + dt *
        (from_above (activations L) (energy_based_drive L) (fst z) (snd z) b n i +
         from_below (activations L) (energy_based_drive L) (fst z) (snd z) b n i)))).
Ltac proof_script := red; intros L dt s th;
  exact (@layered_has_primitive L (activations L) (energy_based_drive L) dt s th).
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
(* one sigmoid unit where its slope is 3/4 *)
Theorem refuted : ~ altered.
Proof.
intros H. set (L := small_model (1 :: 0 :: nil)%nat Sigmoid (le_n 2) Nat.lt_0_1).
set (s := state_of L (fun _ _ _ => 1 / 2 + ln 3 / 4)). set (th := params_of L (fun _ _ _ => 1)).
assert (I : In (0%nat, (0%nat, 0%nat)) (state_names L)) by (simpl; auto).
assert (E := f_equal (fun x => unit_state x 0 0 0) (energy_based_transition (H L 1 s th))).
cbv beta in E. unfold layered_F in E. rewrite !state_of_entry in E by exact I. cbv zeta in E. cbn [fst snd] in E.
assert (Es : unit_state s 0 0 0 = 1 / 2 + ln 3 / 4) by exact (state_of_entry L _ 0 0 0 I).
assert (Eb : bias th 0 0 = 1) by exact (params_of_entry L _ 0 0 None ltac:(simpl; auto)).
unfold from_above in E. rewrite Es, Eb in E. cbn [from_below slope activations L small_model] in E.
rewrite one_unit_sigmoid in E.
change (sum_below (size L 1) _) with 0 in E. lra.
Qed.
End MissingSlope.

Module OneWaySignals.
(** The energy-based step without the signals from the layer below: it has no primitive function. *)
Definition unaltered : Prop :=
  forall (L : layered_model) dt (s : states L) (th : parameters L),
    has_primitive_function (energy_based_with dt s th (fun z => state_of L (fun b n i =>
      (1 - dt) * unit_state (fst z) b n i + dt * (slope (activations L n) (unit_state (fst z) b n i) *
        (from_above (activations L) (energy_based_drive L) (fst z) (snd z) b n i +
         from_below (activations L) (energy_based_drive L) (fst z) (snd z) b n i))))).
Definition altered : Prop :=
  forall (L : layered_model) dt (s : states L) (th : parameters L),
    has_primitive_function (energy_based_with dt s th (fun z => state_of L (fun b n i =>
      (1 - dt) * unit_state (fst z) b n i + dt * (slope (activations L n) (unit_state (fst z) b n i) *
        from_above (activations L) (energy_based_drive L) (fst z) (snd z) b n i)))).
Ltac proof_script := red; intros L dt s th;
  exact (@layered_has_primitive L (activations L) (energy_based_drive L) dt s th).
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
(* a hidden and an output unit without activation, all states and parameters 1 *)
Theorem refuted : ~ altered.
Proof.
intros H. set (L := small_model (1 :: 1 :: 0 :: nil)%nat Identity (le_S 2 2 (le_n 2)) Nat.lt_0_1).
set (s := state_of L (fun _ _ _ => 1)). set (th := params_of L (fun _ _ _ => 1)).
assert (I : In (0%nat, (1%nat, 0%nat)) (state_names L)) by (simpl; auto).
assert (I0 : In (0%nat, (0%nat, 0%nat)) (state_names L)) by (simpl; auto).
assert (E := f_equal (fun x => unit_state x 0 1 0) (energy_based_transition (H L 1 s th))).
cbv beta in E. unfold layered_F in E. rewrite !state_of_entry in E by exact I. cbv zeta in E. cbn [fst snd] in E.
assert (Es : unit_state s 0 0 0 = 1) by exact (state_of_entry L _ 0 0 0 I0).
assert (Ew : weight th 0 0 0 = 1) by exact (params_of_entry L _ 0 0 (Some 0%nat) ltac:(simpl; auto)).
assert (Eb : from_below (activations L) (energy_based_drive L) s th 0 1 0 = 1).
{ change (weight th 0 0 0 * unit_state s 0 0 0 + 0 = 1). rewrite Es, Ew. ring. }
rewrite Eb in E. cbn [slope activations L small_model] in E. lra.
Qed.
End OneWaySignals.

Module ContractionNotStrict.
(** A free phase that only does not expand, [c <= 1]: a translation has no steady state. *)
Definition unaltered : Prop :=
  forall (State Param : NM) (F : State * Param -> State) (theta : Param) (c : R), complete State -> 0 <= c < 1 ->
    (forall s s', norm (minus (F (s', theta)) (F (s, theta))) <= c * norm (minus s' s)) ->
    exists s, F (s, theta) = s.
Definition altered : Prop :=
  forall (State Param : NM) (F : State * Param -> State) (theta : Param) (c : R), complete State -> 0 <= c <= 1 ->
    (forall s s', norm (minus (F (s', theta)) (F (s, theta))) <= c * norm (minus s' s)) ->
    exists s, F (s, theta) = s.
Ltac proof_script := red; intros; eapply contraction_has_rest; from_hypotheses.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. destruct (H R1 R1 (fun z : R * R => fst z + 1) 0 1 complete_R ltac:(lra)) as [s E].
- intros s s'. change (Rabs (s' + 1 + - (s + 1)) <= 1 * Rabs (s' + - s)). replace (s' + 1 + - (s + 1)) with (s' + - s) by ring. lra.
- change (s + 1 = s) in E. lra.
Qed.
End ContractionNotStrict.

Module GeometricErrorWithoutRatio.
(** The geometric bound on [curved] at [t = 1] without [eta / beta]: there the error is
    [3 beta / 2 - eta / beta]. *)
Definition unaltered : Prop :=
  forall beta eta : R, beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= / 26 ->
    Rabs (Delta_state curved 1 beta eta + / 2) <= 6 * (Rabs beta + Rabs (eta / beta)).
Definition altered : Prop :=
  forall beta eta : R, beta <> 0 -> eta <> 0 -> Rabs beta + Rabs (eta / beta) <= / 26 ->
    Rabs (Delta_state curved 1 beta eta + / 2) <= 6 * Rabs beta.
Ltac proof_script := red; intros; simple apply curved_error_at_1; assumption.
Theorem accepted : unaltered.
Proof. proof_script. Qed.
Fail Definition refused : altered := ltac:(proof_script).
Theorem refuted : ~ altered.
Proof.
intros H. set (b := / 1000). assert (X : Rabs (Delta_state curved 1 b (b / 50) + / 2) <= 6 * Rabs b).
{ assert (E : b / 50 / b = / 50) by (unfold b; field). apply H; unfold b in *; try lra. rewrite E, !Rabs_right; lra. }
assert (E : @eq R (Delta_state curved 1 b (b / 50)) (- / 2 + 3 * b / 2 - / 50)).
{ transitivity (/ b * ((- b / 2 + - b * - b / 2 + (0 + b / 50 / b * (- b - 0)) - b * (- b - -1)) - (- b))).
  2: unfold b; field.
  change (/ b * ((0 / 2 + 0 * 0 / 2 + 0 + - (b * (0 - -1))) / 2 + (0 / 2 + 0 * 0 / 2 + 0 + - (b * (0 - -1))) * (0 / 2 + 0 * 0 / 2 + 0 + - (b * (0 - -1))) / 2
     + (0 + b / 50 / b * (0 / 2 + 0 * 0 / 2 + 0 + - (b * (0 - -1)) + - 0))
     + - (b * (0 / 2 + 0 * 0 / 2 + 0 + - (b * (0 - -1)) - -1)) + - (0 / 2 + 0 * 0 / 2 + 0 + - (b * (0 - -1)))) =
     / b * ((- b / 2 + - b * - b / 2 + (0 + b / 50 / b * (- b - 0)) - b * (- b - -1)) - (- b))).
  unfold b. field. }
rewrite E in X. unfold b in X. rewrite Rabs_left, Rabs_right in X; lra.
Qed.
End GeometricErrorWithoutRatio.
